import { quoteSingle } from '../../../format/index.ts'
import { mergeOps, type LayerRecord, type RecordedOp } from '../../../state/ledger.ts'
import { script } from './run.ts'
import type { HostTools } from './tools.ts'
import { packagesOf } from './work.ts'

/** Changes the record of another layer: what it lists as well is taken back with that one. */
export type HandOver = (record: LayerRecord) => Promise<void>

/**
 * Removes what was built for a layer, unless another one has built the same. Who recorded no paths needs the tool that installed it. (HOST-49,
 * HOST-57)
 */
export async function removeBuilt(
  op: RecordedOp,
  others: readonly LayerRecord[],
  tools: HostTools,
  handOver: HandOver,
): Promise<string | undefined> {
  const { kind, targets = [], extra = {} } = op
  const { home } = tools.machine.user
  const env = extra['env'] ?? 'default'
  const paths = extra['paths']?.split('\n') ?? []
  const uses = (name: string) => others.find((other) => usedBy(other, kind).includes(name))
  if (kind === 'pixi-env-remove') {
    const other = uses(env)
    if (other) {
      await handOver({ ...other, reverse_ops: mergeOps(other.reverse_ops ?? [], [op]) })
      return undefined
    }
  }
  const needed = (name: string) => uses(name) !== undefined
  for (const other of new Set(targets.flatMap((name) => uses(name) ?? []))) {
    const theirs = targets.filter((name) => uses(name) === other)
    // Which programs are whose is not known: what leads nowhere in the end goes with the last of them.
    const theirPaths = paths.filter(
      (path) => path.includes('/bin/') || theirs.some((name) => path.endsWith(`/${name}`)),
    )
    const more = paths.length > 0 ? { ...extra, paths: theirPaths.join('\n') } : extra
    await handOver({
      ...other,
      reverse_ops: mergeOps(other.reverse_ops ?? [], [{ ...op, targets: theirs, extra: more }]),
    })
  }
  const left = targets.filter((name) => !needed(name))
  const prefix = `export CARGO_HOME=${quoteSingle(`${home}/.cargo`)} NPM_CONFIG_PREFIX=${quoteSingle(`${home}/.npm-global`)}`
  const tool = kind === 'cargo-uninstall' ? 'cargo uninstall' : 'npm uninstall -g'
  const kept = paths.filter((path) => targets.some((name) => needed(name) && path.endsWith(`/${name}`)))
  const all = (kind === 'pixi-env-remove' ? [`${home}/.pixi/envs/${env}`, ...paths] : paths)
    .filter((path) => !kept.includes(path))
    .map(quoteSingle)
  const body =
    all.length > 0
      ? // A program of a package that stays leads to where it was.
        `for path in ${all.join(' ')}; do ${kept.length > 0 ? '[ -L "$path" ] && [ -e "$path" ] || ' : ''}rm -rf -- "$path"; done`
      : left.length > 0
        ? `${prefix}\n${tool} ${left.map(quoteSingle).join(' ')}`
        : ''
  if (body === '') return undefined
  const { exitCode, stdout, stderr } = await script(
    kind === 'cargo-uninstall' ? `${body}\n${forgetCrates(left, `${home}/.cargo`)}` : body,
    'user',
    tools,
  )
  return exitCode === 0 ? undefined : ((stderr || stdout).trim().split('\n').at(-1) ?? `exit code ${exitCode}`)
}

/** Takes crates out of cargo's own list, or it would take them for installed; one with nothing in it goes. (cargo-install(1)) */
const forgetCrates = (
  names: readonly string[],
  root: string,
): string => `cd -- ${quoteSingle(root)} 2>/dev/null || return 0
[ -f .crates.toml ] || return 0
${names.map((name) => `sed -i ${quoteSingle(`/^"${name.replace(/[^\w-]/g, '.')} /d`)} .crates.toml`).join('\n')}
grep -q '^"' .crates.toml || rm -f .crates.toml .crates2.json`

/** What a layer lists of a kind, whether it brought it or found it there. */
const usedBy = ({ steps = [] }: LayerRecord, kind: string, format = ''): string[] =>
  steps.flatMap(({ extra = {} }) =>
    extra['uses'] !== undefined && extra['undo'] === `${kind} ${format}`.trim() ? extra['uses'].split(' ') : [],
  )

/**
 * Removes packages that a layer brought: those that were asked for, unless another layer lists them or something else needs them, and then what came
 * with them and nothing needs any more. (HOST-57, HOST-58)
 */
export async function removePackages(
  op: RecordedOp,
  all: readonly LayerRecord[],
  tools: HostTools,
  handOver: HandOver,
): Promise<string | undefined> {
  const { format = '', targets = [], extra = {} } = op
  const host = tools.formats.get(format)?.host
  if (!host) return `packages of format ${JSON.stringify(format)} can't be removed here`
  const words = (text: string | undefined) => (text ?? '').split(' ').filter((word) => word !== '')
  const recorded = all.flatMap(({ reverse_ops = [] }) =>
    reverse_ops.filter((one) => one.kind === 'package-remove' && one.format === format),
  )
  const needed = new Set(
    recorded.flatMap(({ targets: names = [], extra: more = {} }) => [...names, ...words(more['dependencies'])]),
  )
  for (const other of all) {
    const theirs = targets.filter((name) => !needed.has(name) && usedBy(other, op.kind, format).includes(name))
    if (theirs.length === 0) continue
    for (const name of theirs) needed.add(name)
    await handOver({
      ...other,
      reverse_ops: mergeOps(other.reverse_ops ?? [], [{ kind: op.kind, format, targets: theirs }]),
    })
  }
  const installed = await packagesOf(format, 'installed', tools)
  const ask = async (command: string, names: readonly string[]) => {
    const { stdout } = await tools.user.run(['sh', '-c', command, 'ov', ...names])
    return stdout.split('\n').filter((line) => line !== '')
  }
  const act = async (command: string, names: readonly string[]): Promise<string | undefined> => {
    if (names.length === 0) return undefined
    const { exitCode, stderr } = await script(`${command} ${names.map(quoteSingle).join(' ')}`, 'root', tools)
    return exitCode === 0 ? undefined : stderr.trim().split('\n').at(-1)
  }
  const own = new Set([...targets, ...words(extra['dependencies'])])
  const wanted = targets.filter((name) => installed.has(name) && !needed.has(name))
  if (wanted.length > 0) {
    const alien = (await ask(host.removes, wanted)).filter((name) => !own.has(name))
    if (alien.length > 0) return `${alien.join(', ')}: not installed by ov, and in need of ${wanted.join(', ')}`
    const cause = await act(host.remove, wanted)
    if (cause !== undefined) return cause
  }
  for (;;) {
    const loose = await packagesOf(format, 'unneeded', tools)
    const left = [...loose].filter((name) => own.has(name) && !needed.has(name))
    if (left.length === 0) break
    const cause = await act(host.remove, left)
    if (cause !== undefined) return cause
  }
  return act(host.setAutomatic, words(extra['automatic']))
}
