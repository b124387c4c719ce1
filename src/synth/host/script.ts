import type { RunStep } from '../../../dsl/vocabulary.ts'
import { quoteSingle, shellWord } from '../../format/index.ts'
import type { ResolvedTask, ServiceScope, Step, TaskStep } from '../../plan/ir.ts'
import type { HostFacts } from '../../plan/host/facts.ts'
import { namesOf, type Wanted } from '../../plan/host/wanted.ts'
import { isSystemUser } from '../../plan/steps.ts'
import { fillVars } from '../../plan/task.ts'

export { PRELUDE } from './prelude.ts'

/** What scripts need to know of a machine. */
export interface ScriptContext {
  readonly machine: HostFacts
  /** Where the layer's files are on the machine. */
  readonly stage: string
}

/** Puts a thing where it is wanted. A block is no matter of scripts: the file around it is somebody else's. */
export function placeScript(
  wanted: Exclude<Wanted, { kind: 'block' }>,
  { stage }: Pick<ScriptContext, 'stage'>,
): string {
  const [path, owner] = [quoteSingle(wanted.path), quoteSingle(wanted.owner ?? '')]
  switch (wanted.kind) {
    case 'made':
      return ''
    case 'directory':
      return `put_folder ${path} ${quoteSingle(wanted.mode ?? '')} ${owner}`
    case 'link':
      return `put_link ${quoteSingle(wanted.target)} ${path} ${owner}`
    case 'text':
      return `base64 -d <<'OV_TEXT' | put ${path} ${wanted.mode} ${owner}\n${base64(wanted.text)}\nOV_TEXT`
    case 'copy':
      return `put ${path} ${wanted.mode} ${owner} <${quoteSingle(`${stage}/${wanted.source}`)}`
  }
}

/** Text that no shell reads anything into, in lines. */
const base64 = (text: string): string =>
  btoa(String.fromCodePoint(...new TextEncoder().encode(text))).replace(/.{76}(?=.)/g, '$&\n')

/** What a step does beside putting things in places; empty where that is all. (HOST-12, HOST-13) */
export function actionScript(step: Step, context: ScriptContext): string {
  switch (step.kind) {
    case 'SystemPackages':
      return step.commands.map(command).join('\n')
    case 'Task':
      return taskScript(step, context)
    case 'ServicePackaged':
      return serviceScript(step.unit, step.targetScope, step.enable, step.overridesText !== '')
    case 'ServiceCustom':
      return serviceScript(step.name, step.targetScope, step.enable, true)
    case 'File':
    case 'ShellHook':
    case 'ShellSnippet':
    case 'RepoChange':
    case 'ApkInstall':
    case 'Builder':
      return ''
  }
}

const command = (step: RunStep): string => (typeof step === 'string' ? step : `${step.command} ${step.items.join(' ')}`)

const systemctl = (scope: ServiceScope): string => (scope === 'user' ? 'systemctl --user' : 'systemctl')

function serviceScript(unit: string, scope: ServiceScope, enable: boolean, changed: boolean): string {
  const enabled = enable ? [`${systemctl(scope)} enable --now ${shellWord(unit)}`] : []
  return [...(changed ? [`${systemctl(scope)} daemon-reload`] : []), ...enabled].join('\n')
}

function taskScript(step: TaskStep, context: ScriptContext): string {
  const { task } = step
  switch (task.verb) {
    case 'cmd':
      return asUser(
        step,
        context.machine,
        runScript(task.script, variables(step, task.env, context.machine), context.stage),
      )
    case 'setcap': {
      const file = shellWord(fillVars(task.path, namesOf(step, context.machine)))
      return task.caps === '' ? `setcap -r ${file}` : `setcap ${task.caps} ${file}`
    }
    case 'mkdir':
    case 'copy':
    case 'write':
    case 'link':
    case 'download':
    case 'build':
      return ''
  }
}

/** The names a script sees, sorted; those of the task win. (HOST-13) */
const variables = (
  step: TaskStep,
  env: Readonly<Record<string, string>>,
  machine: HostFacts,
): Record<string, string> => {
  const all = { ...namesOf(step, machine), ...env }
  return Object.fromEntries(
    Object.keys(all)
      .sort()
      .map((name) => [name, all[name as keyof typeof all] ?? '']),
  )
}

/** A script of a layer, in a shell of its own that stops at the first failure; `/ctx` is where the layer's files are. */
function runScript(script: string, env: Readonly<Record<string, string>>, stage: string): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoteSingle(value)}\n`)
  const body = script.replace(/(?<![\w.-])\/ctx(?=\/|[\s"';)&|]|$)/g, () => stage)
  return `bash -c ${quoteSingle(`${exports.join('')}cd /\nset -e\n${body}`)} </dev/null`
}

/** Somebody who is neither root nor the deploying user. (HOST-16) */
function asUser({ resolvedUser: { user } }: TaskStep, machine: HostFacts, script: string): string {
  const own = [String(machine.user.uid), machine.user.name, `${machine.user.uid}:${machine.user.gid}`]
  if (isSystemUser(user) || own.includes(user)) return script
  return `runuser -u ${shellWord(user.replace(/:.*$/s, ''))} -- ${script}`
}

/** A download, with all that it takes from the machine filled in. */
function downloadOf(step: TaskStep, machine: HostFacts) {
  const task = step.task as Extract<ResolvedTask, { verb: 'download' }>
  const env = variables(step, task.env, machine)
  const fill = (text: string) => fillVars(text, env)
  const { sha256 } = task.checksum ?? {}
  return {
    ...task,
    env,
    url: fill(task.url),
    to: task.to === undefined ? '' : fill(task.to),
    include: task.include.map(fill),
    sum: typeof sha256 === 'object' ? (sha256[env['ARCH'] ?? ''] ?? '') : (sha256 ?? ''),
  }
}

/**
 * Fetches what a task downloads into a folder of its own and unpacks it there, then lists what of it goes where: what is not at its place yet as
 * `new`, what is as `old`, each with the path of the fetched one and the place, all of them ended by NUL. Nothing else is touched. (HOST-14, HOST-15)
 */
export function fetchScript(step: TaskStep, machine: HostFacts, folder: string): string {
  const { env, url, to, include, extract, stripComponents, mode, sum } = downloadOf(step, machine)
  const members = include.map((member) => ` ${quoteSingle(member)}`).join('')
  const strip = stripComponents === undefined ? '' : ` --strip-components=${stripComponents}`
  const [file, into] = [quoteSingle(`${folder}/download`), quoteSingle(`${folder}/unpacked`)]
  const tar = `--no-same-owner${strip} -C ${into}${members}`
  const name = to.replace(/^.*\//s, '')
  const unpack = {
    'tar.gz': `tar -xzf ${file} ${tar}`,
    'tar.xz': `tar -xJf ${file} ${tar}`,
    'tar.zst': `tar --zstd -xf ${file} ${tar}`,
    zip: `unzip -qo ${file}${members} -d ${into}`,
    none: `cp -- ${file} ${into}/${quoteSingle(name)}`,
    sh: ':',
  }[extract]
  return [
    ...Object.entries(env).map(([key, value]) => `export ${key}=${quoteSingle(value)}`),
    `rm -rf -- ${quoteSingle(folder)}`,
    `mkdir -p -- ${into}`,
    `curl -fsSL --retry 3 -o ${file} -- ${quoteSingle(url)} >&2`,
    ...(sum === '' ? [] : [`echo ${quoteSingle(`${sum}  ${folder}/download`)} | sha256sum -c --quiet - >&2`]),
    `${unpack} >&2`,
    ...(mode === undefined || extract === 'sh' ? [] : [`find ${into} -type f -exec chmod ${mode} {} +`]),
    ...(extract === 'sh'
      ? []
      : [`compare ${into} ${quoteSingle(extract === 'none' ? to.slice(0, -name.length - 1) || '/' : to)}`]),
  ].join('\n')
}

/** Runs what was fetched to be run. */
export function runFetched(step: TaskStep, machine: HostFacts, folder: string): string {
  const { env, extract } = downloadOf(step, machine)
  if (extract !== 'sh') return ''
  const exports = Object.entries(env).map(([key, value]) => `export ${key}=${quoteSingle(value)}\n`)
  return asUser(
    step,
    machine,
    `bash -c ${quoteSingle(`${exports.join('')}cd /\nexec sh ${quoteSingle(`${folder}/download`)}`)} </dev/null`,
  )
}
