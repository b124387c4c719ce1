import type { Place } from '../../diagnostics/diagnostic.ts'
import {
  ansiC,
  commentLines,
  quoteSingle,
  shellWord,
  urlWord,
  globLiteral,
  type Instruction,
} from '../../format/index.ts'
import type { ImagePlan, ResolvedTask, TaskStep } from '../../plan/ir.ts'
import { fillVars } from '../../plan/task.ts'
import { withAuthor } from '../unprintable.ts'
import { cacheMount, cacheMounts, contextMount } from './mounts.ts'

/** An instruction and the place that asked for it. */
export interface Line {
  readonly instruction: Instruction
  readonly author?: Place
}

type Of<Verb extends ResolvedTask['verb']> = Extract<ResolvedTask, { verb: Verb }>

/** Content-addressed name of written content; given from outside, since hashing is not a matter of text. */
export type ContentPath = (layer: string, content: string) => string

/** Writes the task directives of one layer and keeps track of who is USER and which directories are known to exist. */
export class TaskWriter {
  readonly #image: ImagePlan
  readonly #stage: string
  readonly #contentPath: ContentPath
  readonly #out: Line[] = []
  readonly #known = new Set<string>()
  /** Value of the last USER directive; a layer starts as root. */
  user = '0'

  constructor(image: ImagePlan, stage: string, contentPath: ContentPath) {
    this.#image = image
    this.#stage = stage
    this.#contentPath = contentPath
  }

  /** Directives for a run of tasks, in exactly their order. (LAY-34) */
  write(steps: readonly TaskStep[]): Line[] {
    for (let index = 0; index < steps.length;) {
      const group = this.#group(steps, index)
      withAuthor(group[0]!.origin, () => this.#writeGroup(group))
      index += group.length
    }
    return this.#out.splice(0)
  }

  #writeGroup(group: readonly TaskStep[]): void {
    this.#switchTo(group[0]!)
    const [{ task }] = group as [TaskStep]
    switch (task.verb) {
      case 'mkdir':
        this.#mkdir(group)
        break
      case 'link':
        this.#run(
          group,
          `ln -sf ${group.map(({ task }) => this.#words((task as Of<'link'>).target, (task as Of<'link'>).path)).join(' && ln -sf ')}`,
        )
        break
      case 'setcap':
        this.#run(group, group.map(({ task }) => setcap(task as Of<'setcap'>)).join(' && '))
        break
      case 'copy':
        this.#copy(group[0]!, task)
        break
      case 'write':
        this.#writeFile(group[0]!, task)
        break
      case 'download':
        this.#download(group[0]!, task)
        break
      case 'cmd':
        this.#cmd(group[0]!, task)
        break
      case 'build':
        throw new Error('build tasks are builder steps in the plan')
    }
  }

  /** Adjacent tasks that may share a directive: same verb, same user as authored. (LAY-35) */
  #group(steps: readonly TaskStep[], start: number): TaskStep[] {
    const first = steps[start]!
    if (!['mkdir', 'link', 'setcap'].includes(first.task.verb)) return [first]
    let end = start + 1
    while (
      steps[end]?.task.verb === first.task.verb &&
      steps[end]?.resolvedUser.authored === first.resolvedUser.authored
    )
      end++
    return steps.slice(start, end)
  }

  #emit(step: TaskStep, ...instructions: Instruction[]): void {
    for (const instruction of instructions) this.#out.push({ instruction, author: step.origin })
  }

  #comments(steps: readonly TaskStep[]): void {
    for (const step of steps) if (step.comment !== undefined) this.#emit(step, ...commentLines(step.comment))
  }

  #switchTo(step: TaskStep): void {
    const { user } = step.resolvedUser
    if (user === this.user) return
    this.#emit(step, { kind: 'user', user })
    this.user = user
  }

  #run(group: readonly TaskStep[], text: string): void {
    this.#comments(group)
    this.#emit(group[0]!, { kind: 'run', form: 'shell', layout: 'line', mounts: [], text })
  }

  #words(...texts: string[]): string {
    return texts.map(shellWord).join(' ')
  }

  #mkdir(group: readonly TaskStep[]): void {
    const tasks = group.map(({ task }) => task as Of<'mkdir'>)
    const byMode = new Map<string, string[]>()
    for (const task of tasks)
      if (task.mode !== undefined) byMode.set(task.mode, [...(byMode.get(task.mode) ?? []), task.path])
    const chmods = [...byMode].map(([mode, paths]) => ` && chmod ${mode} ${this.#words(...paths)}`)
    this.#run(group, `mkdir -p ${this.#words(...tasks.map((task) => task.path))}${chmods.join('')}`)
    for (const [index, task] of tasks.entries()) this.#register(task.path, group[index]!)
  }

  /** A directory and its ancestors exist from here on. (LAY-39) */
  #register(path: string, step: TaskStep): void {
    for (let at = this.#filled(path, step); at !== '/' && at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/'))))
      this.#known.add(at)
  }

  #filled(path: string, step: TaskStep): string {
    return fillVars(path, step.layerVars)
      .replace(/\/+/g, '/')
      .replace(/(.)\/$/, '$1')
  }

  /** The parent is made under the task's user, unless an earlier task made it. (LAY-40, LAY-41) */
  #parent(step: TaskStep, to: string): void {
    const target = to.replace(/(.)\/+$/, '$1')
    const parent = target.slice(0, Math.max(1, target.lastIndexOf('/')))
    const filled = this.#filled(parent, step)
    if (filled === '/' || filled === this.#image.user.home || this.#known.has(filled)) return
    this.#emit(step, { kind: 'run', form: 'shell', layout: 'line', mounts: [], text: `mkdir -p ${shellWord(parent)}` })
    this.#register(parent, step)
  }

  #copy(step: TaskStep, task: Of<'copy'>): void {
    this.#parent(step, task.to)
    this.#comments([step])
    const { owner } = step.resolvedUser
    this.#emit(step, {
      kind: 'copy',
      from: this.#stage,
      chmod: task.mode,
      ...(owner !== undefined && { chown: owner }),
      sources: [globLiteral(task.source)],
      to: task.to,
    })
  }

  #writeFile(step: TaskStep, task: Of<'write'>): void {
    this.#parent(step, task.to)
    this.#comments([step])
    const { owner } = step.resolvedUser
    this.#emit(step, {
      kind: 'copy',
      chmod: task.mode,
      ...(owner !== undefined && { chown: owner }),
      sources: [this.#contentPath(step.layerName, task.content)],
      to: task.to,
    })
  }

  #cmd(step: TaskStep, task: Of<'cmd'>): void {
    this.#comments([step])
    const { owner } = step.resolvedUser
    const isRoot = step.resolvedUser.user === '0'
    const exports = Object.keys(task.env)
      .sort()
      .map((name) => `export ${name}=${quoteSingle(task.env[name] ?? '')}\n`)
    const script = `BUILD_ARCH=$(uname -m)\n${exports.join('')}set -e\n${task.script}`
    const mounts = [
      contextMount(this.#stage),
      ...(isRoot ? cacheMounts(this.#image.caches, undefined) : [cacheMount('/tmp/npm-cache', owner)]),
      ...task.caches.map((path) => cacheMount(fillVars(path, step.layerVars), isRoot ? undefined : owner)),
    ]
    this.#emit(
      step,
      this.#image.shellIsBash
        ? { kind: 'run', form: 'shell', layout: 'line', mounts, text: `bash -c ${ansiC(script)}` }
        : { kind: 'run', form: 'exec', mounts, argv: ['bash', '-c', script] },
    )
  }

  #download(step: TaskStep, task: Of<'download'>): void {
    this.#comments([step])
    const isRoot = step.resolvedUser.user === '0'
    const owner = isRoot ? undefined : step.resolvedUser.owner
    const mounts = [
      cacheMount('/tmp/downloads', owner, true),
      ...task.caches.map((path) => cacheMount(fillVars(path, step.layerVars), owner)),
    ]
    this.#emit(step, {
      kind: 'run',
      form: 'shell',
      layout: 'line',
      mounts,
      text: `bash -c ${quoteSingle(downloadScript(task))}`,
    })
  }
}

/** Strips, or sets; the strip's own failure may not matter, an earlier one must. (LAY-25, LAY-T10) */
function setcap(task: Of<'setcap'>): string {
  const file = shellWord(task.path)
  return task.caps === '' ? `{ setcap -r ${file} 2>/dev/null || true; }` : `setcap ${task.caps} ${file}`
}

/** Fetches once into a content-addressed file, then unpacks. Exports end with `;`: a prefix assignment would come too late. (LAY-19, LAY-20) */
function downloadScript(task: Of<'download'>): string {
  const exports = Object.keys(task.env)
    .sort()
    .map((name) => `export ${name}=${quoteSingle(task.env[name] ?? '')}; `)
  return (
    'export BUILD_ARCH=$(uname -m); ' +
    exports.join('') +
    `mkdir -p /tmp/downloads; __u=${urlWord(task.url)}; ` +
    '__c=/tmp/downloads/$(printf %s "$__u" | sha256sum | cut -c1-64); ' +
    '[ -s "$__c" ] || { curl -fsSL "$__u" -o "$__c.part" && mv -f "$__c.part" "$__c"; } && ' +
    checkCommand(task) +
    extractCommand(task) +
    // What could not be used may be half a file of a server that does not say how long it is.
    ' || { __r=$?; rm -f "$__c"; exit $__r; }'
  )
}

/** What a build says of a file that is not the one it must be. */
export const CHECKSUM_MISMATCH = 'checksum mismatch: '

/** Compares the file with its checksum. One that is another file must not stay in the cache. */
function checkCommand({ checksum }: Of<'download'>): string {
  if (checksum?.sha256 === undefined) return ''
  const { sha256, source } = checksum
  const wanted = typeof sha256 === 'string' ? `__w=${sha256}; ` : `case $ARCH in ${byArchitecture(sha256)} esac; `
  return (
    `{ __h=$(sha256sum < "$__c" | cut -c1-64); ${wanted}[ "$__h" = "$__w" ] || ` +
    `{ echo "${CHECKSUM_MISMATCH}$__u is sha256:$__h, ${source} says \${__w:+sha256:}\${__w:-nothing for $ARCH}" >&2; false; }; } && `
  )
}

const byArchitecture = (sums: Readonly<Record<string, string>>): string =>
  [
    ...Object.keys(sums)
      .sort()
      .map((name) => `${name}) __w=${sums[name]};;`),
    '*) __w=;;',
  ].join(' ')

/** (LAY-21 to LAY-23) */
function extractCommand(task: Of<'download'>): string {
  const { extract, include, stripComponents, mode } = task
  const to = shellWord(task.to ?? '')
  const members = include.map((member) => ` ${shellWord(member)}`).join('')
  const strip = stripComponents === undefined ? '' : ` --strip-components=${stripComponents}`
  const chmod =
    mode === undefined
      ? ''
      : extract === 'none'
        ? ` && chmod ${mode} ${to}`
        : include.length > 0
          ? ` && chmod ${mode} ${include.map((member) => shellWord(`${task.to}/${member}`)).join(' ')}`
          : ` && chmod -R ${mode} ${to}`
  switch (extract) {
    case 'tar.gz':
      return `tar -xzf "$__c"${strip} -C ${to}${members}${chmod}`
    case 'tar.xz':
      return `tar -xJf "$__c"${strip} -C ${to}${members}${chmod}`
    case 'tar.zst':
      return `tar --zstd -xf "$__c"${strip} -C ${to}${members}${chmod}`
    case 'zip':
      return `unzip -o "$__c"${members} -d ${to}${chmod}`
    case 'none':
      return `cp -f "$__c" ${to}${chmod}`
    case 'sh':
      return 'sh "$__c"'
  }
}
