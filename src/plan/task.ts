import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Pins } from '../model/pins.ts'
import type { TaskData } from '../model/schema/tasks.ts'
import type { Account } from '../resolve/image.ts'
import type { Checksum, ResolvedTask, TaskUser } from './ir.ts'

/** Reports a problem of the task: a field of it, what is wrong, what to do. */
export type Say = (
  code: Diagnostic['code'],
  field: string,
  message: string,
  remedy?: string,
  severity?: Diagnostic['severity'],
) => void

export interface TaskContext {
  readonly user: Account
  readonly vars: Readonly<Record<string, string>>
  readonly pins: Pins
  readonly say: Say
}

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g
/** A value to judge `${ARCH}` paths by. */
const SAMPLE_ARCH = 'amd64'

/** Fills in the names that are known while the plan is made: a leading `~/`, `${USER}`, `${UID}`, `${GID}`, `${HOME}`. (LAY-30) */
function fillAccount(text: string, user: Account): string {
  const names: Readonly<Record<string, string>> = {
    USER: user.name,
    UID: String(user.uid),
    GID: String(user.gid),
    HOME: user.home,
  }
  return text.replace(/^~(?=\/|$)/, () => user.home).replace(REFERENCE, (found, name: string) => names[name] ?? found)
}

/** Names of the `${NAME}` in a text. */
export const references = (text: string): string[] => [...text.matchAll(REFERENCE)].map(([, name = '']) => name)

/** Fills in the layer's own variables too; they may refer to each other. */
export function fillVars(text: string, vars: Readonly<Record<string, string>>): string {
  let filled = text
  for (let depth = 0; depth < 10; depth++) {
    const next = filled.replace(REFERENCE, (found, name: string) => vars[name] ?? found)
    if (next === filled) return filled
    filled = next
  }
  return filled
}

/** A task with everything filled in that can be known before the build, checked. (LAY-30, LAY-36, LAY-42) */
export function resolveTask(task: TaskData, context: TaskContext): { task: ResolvedTask; user: TaskUser } {
  const { vars, say } = context
  const fill = (text: string) => fillAccount(text, context.user)
  /** A field in which references are resolved now and at build time. */
  const path = (field: string, text: string, more: { buildArch?: boolean; absolute?: boolean } = {}): string => {
    const result = fill(text)
    for (const name of references(fillVars(result, vars))) {
      if (name === 'ARCH' || (name === 'BUILD_ARCH' && more.buildArch === true)) continue
      if (name === 'BUILD_ARCH')
        say('OV2023', field, '${BUILD_ARCH} exists only in cmd and download', 'use ${ARCH}, or do it in a cmd')
      else say('OV2023', field, `references unknown \${VAR}: ${name} (declare in vars or use an auto-export)`)
    }
    const judged = fillVars(result, vars).replaceAll('${ARCH}', SAMPLE_ARCH)
    if (more.absolute !== false && !judged.startsWith('/'))
      say('OV2024', field, `${JSON.stringify(text)} is not an absolute path`, 'start it with /, ~/ or ${HOME}')
    return result
  }
  /** What leaves the layer's directory only once the variables are in it is refused here; the rest, where it was written. */
  const source = (text: string): string => {
    const result = fillVars(path('copy', text, { absolute: false }), vars)
    const leaves = (of: string) => of.startsWith('/') || of.split('/').includes('..')
    if (leaves(result) && !leaves(text))
      say(
        'OV2022',
        'copy',
        `source ${JSON.stringify(result)} leaves the layer's directory`,
        'a layer holds its own files',
      )
    return result.replace(/^(\.\/+)+/, '')
  }
  const mode = (text: string): string => {
    const result = fillVars(fill(text), vars)
    if (!/^0[0-7]{3,4}$/.test(result))
      say('OV2026', 'mode', `${JSON.stringify(result)} is not an octal mode`, "write it like '0644'")
    return result
  }
  const caches = (given: readonly string[] | undefined) =>
    (given ?? []).map((cache, index) => path(`cache[${index}]`, cache))
  const environment = (given: Readonly<Record<string, string>> | undefined) =>
    Object.fromEntries(Object.entries(given ?? {}).map(([name, value]) => [name, fill(value)]))
  const user = resolveUser('user' in task ? task.user : undefined, 'build' in task ? '${USER}' : 'root', context)

  if ('cmd' in task)
    return { user, task: { verb: 'cmd', script: task.cmd, caches: caches(task.cache), env: environment(task.env) } }
  if ('mkdir' in task)
    return {
      user,
      task: {
        verb: 'mkdir',
        path: path('mkdir', task.mkdir),
        ...(task.mode !== undefined && { mode: mode(task.mode) }),
      },
    }
  if ('copy' in task)
    return {
      user,
      task: {
        verb: 'copy',
        source: source(task.copy),
        to: path('to', task.to),
        mode: mode(task.mode ?? '0755'),
      },
    }
  if ('write' in task)
    return {
      user,
      task: { verb: 'write', to: path('write', task.write), content: task.content, mode: mode(task.mode ?? '0644') },
    }
  if ('link' in task)
    return {
      user,
      task: { verb: 'link', path: path('link', task.link), target: path('target', task.target, { absolute: false }) },
    }
  if ('download' in task) {
    const url = path('download', task.download, { absolute: false, buildArch: true })
    if (task.extract === undefined && /\.(tar\.gz|tgz|tar\.xz|tar\.zst|zip)(\?|$)/.test(url)) {
      const kind = /\.(tar\.gz|tgz|tar\.xz|tar\.zst|zip)(\?|$)/.exec(url)![1]!.replace('tgz', 'tar.gz')
      say(
        'OV2027',
        'download',
        'the archive is stored as it is, not unpacked',
        `set extract: '${kind}', or 'none' to say so`,
        'warning',
      )
    }
    return {
      user,
      task: {
        verb: 'download',
        url,
        ...(task.to !== undefined && { to: path('to', task.to, { buildArch: true }) }),
        extract: task.extract ?? 'none',
        include: (task.include ?? []).map((member, index) =>
          path(`include[${index}]`, member, { absolute: false, buildArch: true }),
        ),
        ...(task.stripComponents !== undefined && { stripComponents: task.stripComponents }),
        ...(task.mode !== undefined && { mode: mode(task.mode) }),
        env: environment(task.env),
        caches: caches(task.cache),
        uninstall: (task.uninstall ?? []).map((target, index) => path(`uninstall[${index}]`, target)),
        ...(task.checksum !== undefined && { checksum: checksumOf(task.checksum, url, context) }),
      },
    }
  }
  if ('setcap' in task)
    return { user, task: { verb: 'setcap', path: path('setcap', task.setcap), caps: task.caps ?? '' } }
  return { user, task: { verb: 'build' } }
}

/** The checksum that a download is checked against. One that nobody has looked up yet checks nothing, so people are told. */
function checksumOf(given: string, url: string, { vars, pins, say }: TaskContext): Checksum {
  if (given !== 'lock') return { source: 'the task', sha256: given.replace(/^sha256:/, '') }
  const sha256 = pins.downloads[fillVars(url, vars)]?.sha256
  if (sha256 === undefined)
    say('OV3040', 'checksum', 'is not in ov.lock yet, so nothing is checked', 'run: ov lock', 'warning')
  return { source: 'ov.lock', sha256 }
}

function resolveUser(given: string | undefined, fallback: string, context: TaskContext): TaskUser {
  const { user: account, vars, say } = context
  const authored = given ?? fallback
  if (authored === '${USER}') return { authored, ...ids(account.uid, account.gid) }
  const user = fillVars(fillAccount(authored, account), vars)
  if (user === 'root' || user === '0' || user === '0:0') return { authored: 'root', user: '0' }
  if (/^\d+$/.test(user)) return { authored, user, owner: `${user}:${user}` }
  if (/^\d+:\d+$/.test(user)) return { authored, user, owner: user }
  if (/^[a-z_][a-z0-9_-]*$/.test(user)) return { authored, user, owner: `${user}:${user}` }
  say(
    'OV2025',
    'user',
    `${JSON.stringify(authored)} is not valid (expected root, \${USER}, a name matching ^[a-z_][a-z0-9_-]*$, or <uid>:<gid>)`,
  )
  return { authored, user: '0' }
}

const ids = (uid: number, gid: number) => (uid === 0 ? { user: '0' } : { user: String(uid), owner: `${uid}:${gid}` })
