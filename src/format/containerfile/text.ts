import { requireRepresentable, Unrepresentable } from '../representable.ts'

/** A piece of a value: characters that mean themselves, or a variable the builder fills in. */
export type TextPart = { readonly literal: string } | { readonly ref: string }

/** A value whose live references are told apart from its literal text, so that neither can turn into the other. */
export type Text = readonly TextPart[]

const NAME = /^[A-Za-z_]\w*$/
const REFERENCE = /\$\{([A-Za-z_]\w*)\}/
const BARE = /^[A-Za-z0-9_@%+=:,./-]+$/
const CONTEXT = 'Containerfile value'

/** Literal throughout: `${POSTGRES_PASSWORD}` survives to run time (LAY-62). */
export function literalText(text: string): Text {
  return text === '' ? [] : [{ literal: text }]
}

/** Literal except for `${NAME}`, which the builder fills in (LAY-28, LAY-30). */
export function liveText(text: string): Text {
  return text.split(REFERENCE).flatMap((piece, index) => (index % 2 === 1 ? [{ ref: piece }] : literalText(piece)))
}

/**
 * The double-quoted form. BuildKit and imagebuilder unescape exactly `\\`, `\"` and `\$` in it and have no escape for
 * a newline, so a newline is refused.
 */
export function envValue(text: Text): string {
  return `"${text.map(quotePart).join('')}"`
}

/** The unquoted form, for values of path characters and references only. */
export function bareValue(text: Text): string {
  return text.map((part) => ('ref' in part ? reference(part.ref) : requireBare(part.literal))).join('')
}

/** The double-quoted form of text without references. */
export function quoteLiteral(text: string): string {
  return envValue(literalText(text))
}

/** Whether `text` needs no quotes anywhere in a Containerfile. */
export function isBare(text: string): boolean {
  return BARE.test(text)
}

/** Reads what stands between the quotes of `envValue`. */
export function readQuoted(body: string): Text {
  const parts: TextPart[] = []
  let literal = ''
  for (const match of body.matchAll(/\\([\\"$])|\$\{([A-Za-z_]\w*)\}|[^]/g)) {
    const [found, escaped, ref] = match
    if (ref === undefined) {
      literal += escaped ?? found
      continue
    }
    parts.push(...literalText(literal), { ref })
    literal = ''
  }
  return [...parts, ...literalText(literal)]
}

function quotePart(part: TextPart): string {
  if ('ref' in part) return reference(part.ref)
  requireRepresentable(CONTEXT, part.literal, /\n/)
  return part.literal.replace(/[\\"$]/g, String.raw`\$&`)
}

function reference(name: string): string {
  if (!NAME.test(name)) throw new Unrepresentable('Containerfile reference', JSON.stringify(name))
  return `\${${name}}`
}

function requireBare(literal: string): string {
  if (!isBare(literal)) throw new Unrepresentable('unquoted Containerfile value', JSON.stringify(literal))
  return literal
}
