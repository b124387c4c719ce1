import { requireRepresentable, Unrepresentable } from '../representable.ts'
import { execWord, readExecWord } from './exec.ts'
import { expansionSafe, readExpansionSafe, requirePlain } from './plain.ts'

/**
 * One word of `Exec=`, `PodmanArgs=` or `EnvironmentFile=` in a quadlet, podman-systemd.unit(5): as `execWord`, since
 * podman splits like systemd. It drops an empty word and everything after it, and re-prints a lone `;` bare, where
 * systemd then ends the command: both are refused.
 */
export function quadletWord(text: string): string {
  requireQuadlet('quadlet word', text)
  if (text === '') throw new Unrepresentable('quadlet word', 'an empty text')
  if (text === ';') throw new Unrepresentable('quadlet word', 'a lone semicolon')
  return execWord(text)
}

/** Undoes `quadletWord`. */
export function readQuadletWord(value: string): string {
  return readExecWord(value)
}

/**
 * A value that podman copies to its command line without unquoting: `Volume=`, `Image=`, `PublishPort=`, `Secret=`…
 * `%` and `$` are doubled; double quotes at the ends are refused, because podman strips them from some keys.
 */
export function quadletPlain(text: string): string {
  requireQuadlet('quadlet value', text)
  requirePlain('quadlet value', text)
  if (/^"|"$/.test(text)) throw new Unrepresentable('quadlet value', 'a double quote at its ends')
  return expansionSafe(text)
}

/** Undoes `quadletPlain`. */
export function readQuadletPlain(value: string): string {
  return readExpansionSafe(value)
}

/** Podman hands U+0080 to systemd as a lone byte, which is no UTF-8 any more. */
export function requireQuadlet(context: string, text: string): void {
  requireRepresentable(context, text, /\u0080/)
}
