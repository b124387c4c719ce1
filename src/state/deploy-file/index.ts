import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  isMap as isMapNode,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  parseDocument,
  stringify,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml'
import { DiagnosticError, type Diagnostic, type Place } from '../../diagnostics/diagnostic.ts'
import type { DeployEntry, Provides } from '../../model/deploy-entry.ts'
import { collisions, type Collision } from '../../model/deploy-key.ts'
import { writeAtomic } from '../atomic.ts'
import { withLock } from '../lock.ts'
import type { Paths } from '../paths.ts'
import { BadValue, FIELDS, isMap, readEntry, unknownKeys, type Field, type Raw } from './fields.ts'

const VERSION = 4
const PRINT = { lineWidth: 0, flowCollectionPadding: false }

/** `deploy.yml`: the deploys of this machine. What ov does not know of it, and what people noted in it, stays. (POD-10 to POD-17) */
export class DeployFile {
  readonly path: string
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #entries: Map<string, DeployEntry>
  #provides: Provides
  readonly #before: string
  /** Keys that nobody knows. */
  readonly warnings: readonly Diagnostic[]

  private constructor(path: string, text: string) {
    this.path = path
    this.#lines = new LineCounter()
    this.#document = parseDocument(text, { lineCounter: this.#lines, stringKeys: true })
    const [problem] = this.#document.errors
    if (problem)
      throw this.#bad('OV6001', `${path}: ${problem.message.split('\n')[0]}`, this.#at(problem.pos[0]), 'correct it')
    const warnings: Diagnostic[] = []
    const raw = this.#plain()
    this.#refuseLegacy(raw)
    this.#entries = this.#readEntries(raw, warnings)
    this.#provides = readProvides(raw['provides'])
    this.warnings = warnings
    this.#before = this.#document.toString(PRINT)
  }

  /** Reads it; a machine without one has no deploys. */
  static read(path: string): DeployFile {
    return new DeployFile(path, existsSync(path) ? readFileSync(path, 'utf8').replace(/^\uFEFF/, '') : '')
  }

  /** A machine without deploys. */
  static empty(path: string): DeployFile {
    return new DeployFile(path, '')
  }

  /** Entries by key. */
  get entries(): ReadonlyMap<string, DeployEntry> {
    return this.#entries
  }
  /** What deploys offer each other. */
  get provides(): Provides {
    return this.#provides
  }
  /** Nothing is in it that anybody could miss. */
  get isEmpty(): boolean {
    const { version: _, deploy, ...rest } = this.#plain()
    return Object.keys(rest).length === 0 && Object.keys((deploy as Raw | undefined) ?? {}).length === 0
  }

  /** Where an entry or a field of it stands; undefined where it does not. */
  place(key: string, field = ''): Place | undefined {
    const path: (string | number)[] = field === '' ? [] : field.split(/[.[\]]+/).filter((part) => part !== '')
    for (;;) {
      const node = this.#find(key, path)
      if (node) return this.#at(node.range?.[0] ?? 0)
      if (path.pop() === undefined) return undefined
    }
  }

  /** Refuses entries that would share a unit with others, or with each other. (POD-07) */
  checkNames(entries: readonly (readonly [key: string, entry: DeployEntry])[]): void {
    const [clash] = collisions(new Map([...this.#entries, ...entries]))
    if (clash) throw new DiagnosticError([collision(clash, this.path)])
  }

  /** Puts an entry there, or changes what differs in the one that is; its other keys and remarks stay. */
  setEntry(key: string, entry: DeployEntry): void {
    const before = this.#entries.get(key) ?? {}
    if (Object.values(entry).every((value) => value === undefined) && !this.#entries.has(key)) return
    this.checkNames([[key, entry]])
    for (const field of FIELDS) {
      const [was, is] = [before[field.name], entry[field.name]]
      if (JSON.stringify(was) !== JSON.stringify(is)) this.#setField(key, field, was, is)
    }
    if (JSON.stringify(before.volumes) !== JSON.stringify(entry.volumes))
      this.#document.deleteIn(['deploy', key, 'workspace'])
    this.#entries.set(key, entry)
  }

  removeEntry(key: string): void {
    if (this.#document.hasIn(['deploy', key])) this.#document.deleteIn(['deploy', key])
    this.#entries.delete(key)
  }

  /** What deploys offer each other; nothing is not written down. */
  setProvides(provides: Provides): void {
    for (const kind of ['env', 'mcp'] as const) {
      if (JSON.stringify(provides[kind]) === JSON.stringify(this.#provides[kind])) continue
      if (provides[kind].length > 0) this.#put(['provides', kind], provides[kind])
      else this.#document.deleteIn(['provides', kind])
    }
    if (provides.env.length + provides.mcp.length === 0 && this.#document.has('provides'))
      this.#document.delete('provides')
    this.#provides = provides
  }

  /** Some entries as a file of their own, with all that is in them; undefined where there is none. */
  select(keys: readonly string[]): string | undefined {
    const found = keys.filter((key) => this.#entries.has(key))
    if (found.length === 0) return undefined
    const plain = (key: string): unknown => {
      const entry: unknown = this.#document.getIn(['deploy', key])
      return isNode(entry) ? entry.toJS(this.#document) : entry
    }
    return stringify({ version: VERSION, deploy: Object.fromEntries(found.map((key) => [key, plain(key)])) }, PRINT)
  }

  /** Somebody changed it since it was read. */
  get changed(): boolean {
    return this.#document.toString(PRINT) !== this.#before
  }

  get text(): string {
    if (this.#document.contents === null) this.#document.contents = this.#document.createNode({})
    if (!this.#document.has('version')) {
      const version = this.#document.createPair('version', VERSION)
      ;(this.#document.contents as YAMLMap).items.unshift(version)
    }
    return this.#document.toString(PRINT)
  }

  /** Replaces the file in one step. (POD-16) */
  write(): void {
    const aside = join(dirname(this.path), `.deploy.yml.tmp.${process.pid}`)
    writeAtomic(this.path, this.text, { keep: true, aside })
  }

  #plain(): Raw {
    let value: unknown
    try {
      value = this.#document.toJS({ maxAliasCount: 100 })
    } catch (error) {
      throw this.#bad('OV6001', `${this.path}: ${(error as Error).message}`, this.#at(0), 'write it without aliases')
    }
    if (value === null || value === undefined) return {}
    if (!isMap(value)) throw this.#bad('OV6001', `${this.path} is not a map`, this.#at(0), "begin with 'version: 4'")
    return value
  }

  #refuseLegacy(raw: Raw): void {
    if ('images' in raw)
      throw this.#bad(
        'OV6004',
        `deploy.yml at ${this.path}: legacy top-level \`images:\` field detected — run \`ov migrate local-deploy\` to convert; the field was renamed to \`deploy:\` in the 2026-04 unified-config cutover (encryption guarantees disappear silently otherwise)`,
        this.#at(0),
        'run: ov migrate local-deploy',
      )
    for (const old of ['deployment', 'deploys'])
      if (old in raw)
        throw this.#bad(
          'OV6004',
          `deploy.yml at ${this.path}: legacy top-level \`${old}:\` field detected`,
          this.#at(0),
          'run: ov migrate',
        )
    const { version } = raw
    if (version !== undefined && version !== VERSION)
      throw this.#bad(
        'OV6004',
        `${this.path} has version ${JSON.stringify(version)}, and this ov knows ${VERSION}`,
        this.#at(0),
        'use the ov that wrote it, or a newer one',
      )
  }

  #readEntries(raw: Raw, warnings: Diagnostic[]): Map<string, DeployEntry> {
    const deploys = raw['deploy'] ?? {}
    if (!isMap(deploys))
      throw this.#bad('OV6002', `${this.path}: deploy is not a map`, this.#at(0), 'write deploys by name')
    for (const key of Object.keys(raw))
      if (!['version', 'provides', 'deploy'].includes(key)) warnings.push(unknownKey(this.path, key, this.#at(0)))
    const entries = new Map<string, DeployEntry>()
    for (const [key, value] of Object.entries(deploys)) {
      const given = value ?? {}
      try {
        if (!isMap(given)) throw new BadValue('', 'is not a map')
        entries.set(key, readEntry(given))
        for (const unknown of unknownKeys(given))
          warnings.push(unknownKey(this.path, `deploy.${key}.${unknown}`, this.place(key, unknown)))
      } catch (error) {
        if (!(error instanceof BadValue)) throw error
        const what = error.field === '' ? '' : ` ${error.field}:`
        throw new DiagnosticError([
          {
            code: 'OV6002',
            severity: 'error',
            message: `${this.path}: deploy "${key}":${what} ${error.message}`,
            entity: `deploy "${key}"`,
            ...(error.field !== '' && { field: error.field }),
            ...(this.place(key, error.field) && { place: this.place(key, error.field)! }),
            remedy: 'correct it',
          },
        ])
      }
    }
    const [clash] = collisions(entries)
    if (clash) throw new DiagnosticError([collision(clash, this.path)])
    return entries
  }

  #setField(key: string, { keys, write, identity }: Field, was: unknown, is: unknown): void {
    const spelling = keys.find((one) => this.#document.hasIn(['deploy', key, one])) ?? keys[0]
    const path = ['deploy', key, spelling]
    if (is === undefined) this.#document.deleteIn(path)
    else this.#set(path, was === undefined ? undefined : write(was as never), write(is as never), identity)
  }

  /** Changes as little as it can: what stays keeps its remarks, and what ov does not know of it. */
  #set(path: string[], was: unknown, is: unknown, identity?: (item: unknown) => string): void {
    const node: unknown = this.#document.getIn(path, true)
    if (Array.isArray(is) && isSeq(node) && identity) {
      const plain = (item: unknown): unknown => (isNode(item) ? item.toJS(this.#document) : item)
      const known = new Map(node.items.map((item) => [identity(plain(item)), item as Node]))
      const before = new Map((Array.isArray(was) ? (was as unknown[]) : []).map((item) => [identity(item), item]))
      if (node.items.length === 0) node.flow = false
      node.items = is.map((wanted) => {
        const item = known.get(identity(wanted))
        return item ? this.#merge(item, before.get(identity(wanted)), wanted) : this.#document.createNode(wanted)
      })
    } else if (isMap(is) && isMapNode(node)) this.#merge(node, was, is)
    else this.#put(path, is)
  }

  /** Maps change key by key, everything else as a whole. */
  #merge(node: Node, was: unknown, is: unknown): Node {
    if (JSON.stringify(was) === JSON.stringify(is)) return node
    if (!isMapNode(node) || !isMap(is)) {
      const fresh = this.#document.createNode(is) as Node
      fresh.comment = node.comment ?? null
      fresh.commentBefore = node.commentBefore ?? null
      return fresh
    }
    const before = isMap(was) ? was : {}
    for (const key of Object.keys(before)) if (!(key in is)) node.delete(key)
    for (const [key, one] of Object.entries(is))
      if (JSON.stringify(before[key]) !== JSON.stringify(one)) node.set(key, this.#document.createNode(one))
    return node
  }

  #put(path: string[], value: unknown): void {
    if (this.#document.contents === null) this.#document.contents = this.#document.createNode({})
    // An entry without fields is no map.
    for (let depth = 1; depth < path.length; depth++) {
      const above = path.slice(0, depth)
      if (!isMapNode(this.#document.getIn(above, true))) this.#document.setIn(above, this.#document.createNode({}))
      const made: unknown = this.#document.getIn(above, true)
      if (isMapNode(made)) made.flow = false
    }
    this.#document.setIn(path, this.#document.createNode(value))
  }

  #find(key: string, path: readonly (string | number)[]): Node | undefined {
    const deploys: unknown = this.#document.get('deploy', true)
    if (!isMapNode(deploys)) return undefined
    let pair = deploys.items.find((item) => isPair(item) && String(item.key) === key)
    let node: unknown = pair?.key
    let value: unknown = pair?.value
    for (const part of path) {
      if (isMapNode(value)) {
        pair = value.items.find((item) => String(item.key) === part)
        if (!pair) return undefined
        node = pair.key
        value = pair.value
      } else if (isSeq(value)) {
        const items = value.items as Node[]
        const found = items.find((item, index) => {
          const plain: unknown = item.toJS(this.#document)
          return (
            String(index) === part || (isMap(plain) && plain['name'] === part) || String(plain).startsWith(`${part}=`)
          )
        })
        if (!found) return undefined
        node = found
        value = found
      } else return undefined
    }
    return (node as Node | undefined) ?? undefined
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.path, line: Math.max(1, line), column: Math.max(1, col) }
  }

  #bad(code: Diagnostic['code'], message: string, place: Place, remedy: string): DiagnosticError {
    return new DiagnosticError([{ code, severity: 'error', message, place, remedy }])
  }
}

const unknownKey = (file: string, key: string, place: Place | undefined): Diagnostic => ({
  code: 'OV6003',
  severity: 'warning',
  message: `${file}: ov does not know ${key}; it stays as it is`,
  ...(place && { place }),
})

const collision = ({ first, second, unit }: Collision, file: string): Diagnostic => ({
  code: 'OV6006',
  severity: 'error',
  message: `the deploys "${first}" and "${second}" would both have the unit ${unit}.service`,
  place: { file, line: 1, column: 1 },
  remedy: 'rename one of them',
})

function readProvides(value: unknown): Provides {
  const raw = isMap(value) ? value : {}
  const items = (kind: string): Raw[] => (Array.isArray(raw[kind]) ? (raw[kind] as unknown[]).filter(isMap) : [])
  return {
    env: items('env').map(({ name, value: text, source }) => ({
      name: String(name),
      value: String(text),
      source: String(source),
    })),
    mcp: items('mcp').map(({ name, url, transport, source }) => ({
      name: String(name),
      url: String(url),
      transport: typeof transport === 'string' ? transport : 'http',
      source: String(source),
    })),
  }
}

/**
 * Changes the file: what others wrote meanwhile is there, two changes never meet, and nothing is written when nothing changes. A file that
 * can't be read is left alone. (POD-16)
 */
export async function updateDeployFile(
  { deployFile: path }: Pick<Paths, 'deployFile'>,
  context: string,
  change: (file: DeployFile) => void,
): Promise<void> {
  await withLock(
    `${path}.lock`,
    () => {},
    () => {
      let file: DeployFile
      try {
        file = DeployFile.read(path)
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error
        const [first] = error.diagnostics
        throw new DiagnosticError([
          { ...first!, message: `${context}: refusing to write — deploy.yml load failed: ${first!.message}` },
        ])
      }
      change(file)
      // How people wrote it stays, unless something is different.
      if (file.isEmpty) rmSync(path, { force: true })
      else if (file.changed) file.write()
      return Promise.resolve()
    },
  )
}

/** Keeps a copy of `deploy.yml` as it is, beside it; comes back with its path. */
export function backUpDeployFile(path: string, now: Date): string {
  const copy = `${path}.bak.${Math.floor(now.getTime() / 1000)}`
  copyFileSync(path, copy)
  return copy
}
