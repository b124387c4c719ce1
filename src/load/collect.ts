import type { CallSite } from '../../dsl/origin.ts'
import { withReferences, type Evaluated } from './evaluate.ts'

const ENTITY = Symbol.for('ov.entity')
const ORIGIN = Symbol.for('ov.origin')

/** Kinds that hold functions: they are used, not serialised. */
const VOCABULARY = new Set(['distro', 'packageFormat', 'builder', 'init'])

/** JSON, and nothing that JSON would drop in silence. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A value in the user's program that is not data. */
export interface BadValue {
  readonly path: string
  readonly what: string
}

/** An entity as it was written, as plain data; references to other entities are `{ $ref, name }`. */
export interface RawEntity {
  readonly kind: string
  readonly name: unknown
  readonly data: { readonly [field: string]: Json }
  readonly origin: CallSite
  /** Call sites of the parts that were made by functions; {@link pathOf} names them. */
  readonly parts: readonly (readonly [trail: Trail, site: CallSite])[]
  readonly bad: readonly BadValue[]
  /** The entity itself, for those that hold functions. */
  readonly value?: object
}

const isEntity = (value: object): value is EntityValue => ENTITY in value

/**
 * Finds everything that belongs to the project: what the entry files export (by name, default, in arrays and namespaces), and everything
 * those refer to. Importing a catalogue brings in nothing by itself. `circle` are files that import each other: there, a field that is
 * `undefined` was probably meant to be something.
 */
export function collect(exports: readonly unknown[], circle: readonly string[] = []): RawEntity[] {
  const found = new Map<object, RawEntity>()
  for (const entity of exported(exports)) takeAll(entity, found, circle)
  return [...found.values()]
}

/** Entities among what files export; what those refer to is found through them. */
function exported(exports: readonly unknown[]): EntityValue[] {
  const entities: EntityValue[] = []
  const walked = new Set<object>()
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || walked.has(value)) return
    walked.add(value)
    if (isEntity(value)) entities.push(value)
    else if (Array.isArray(value) || isPlain(value) || isNamespace(value)) Object.values(value).forEach(search)
  }
  search(exports)
  return entities
}

/**
 * All that a program declared, as text: while it is the same, {@link collect} would find the same. The engine writes it down in a tenth of the
 * time that collecting takes. Undefined where it can't: for functions, and for what contains itself.
 *
 * Where JSON is blind (a date and its text, a missing field and one that is undefined or a function), only one of the two is a project that was
 * found to be good, and the same program would have to declare now the one and now the other to be taken for unchanged.
 */
export function declaredText({ exports, made }: Evaluated): string | undefined {
  const entities = made as readonly EntityValue[]
  if (entities.some((one) => VOCABULARY.has(one[ENTITY]))) return undefined
  const places = new Map(entities.map((one, place) => [one as object, place]))
  try {
    return withReferences(
      // An entity of another copy of the DSL is not in the list.
      (entity) => places.get(entity) ?? { ...entity },
      () => JSON.stringify([exported(exports), entities.map((one) => [one[ENTITY], { ...one }])]),
    )
  } catch {
    return undefined
  }
}

const isNamespace = (value: object) => (value as Record<symbol, unknown>)[Symbol.toStringTag] === 'Module'
const isPlain = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

type EntityValue = object & { [ENTITY]: string; [ORIGIN]: CallSite; name: unknown }

/** An entity and all that it refers to; a list of work, because chains of thousands of layers are legal. */
function takeAll(first: EntityValue, found: Map<object, RawEntity>, circle: readonly string[]): void {
  const open = [first]
  for (let next; (next = open.pop()) !== undefined;)
    if (!found.has(next)) open.push(...take(next, found, circle).reverse())
}

function take(root: EntityValue, found: Map<object, RawEntity>, circle: readonly string[]): EntityValue[] {
  const parts: (readonly [Trail, CallSite])[] = []
  const bad: BadValue[] = []
  const holdsFunctions = VOCABULARY.has(root[ENTITY])
  const later: EntityValue[] = []
  /** Objects from the entity down to where the walk is. */
  const open: object[] = []

  /** Keys from the entity down to where the walk is. The path is put together only where somebody needs it. */
  const trail: (string | number)[] = []
  const reject = (what: string, ...further: (string | number)[]): undefined =>
    void bad.push({ path: pathOf([...trail, ...further]), what })

  const plainAt = (key: string | number, value: unknown): Json | undefined => {
    if (typeof value === 'string' || typeof value === 'boolean') return value
    trail.push(key)
    const data = plain(value)
    trail.pop()
    return data
  }

  const plain = (value: unknown): Json | undefined => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        if (!Number.isFinite(value)) reject(`the number ${value}`)
        return value
      case 'undefined':
        return undefined
      case 'function':
        if (holdsFunctions) return value.toString()
        return reject('a function')
      case 'bigint':
      case 'symbol':
        return reject(`a ${typeof value}`)
      case 'object':
        break
    }
    if (value === null) return null
    if (open.includes(value)) return reject('an object that contains itself')
    const origin = (value as { [ORIGIN]?: CallSite })[ORIGIN]
    // Entities have a call site, too; the search for their mark is saved for all else.
    if (origin !== undefined && value !== root && isEntity(value)) {
      if (value[ENTITY] === 'base') {
        const { name: _, ...spec } = Object.fromEntries(Object.entries(value))
        return { $base: plain(spec) ?? null }
      }
      later.push(value)
      return { $ref: value[ENTITY], name: plainAt('name', value.name) ?? null }
    }
    if (origin !== undefined && value !== root) parts.push([trail.slice(), origin])
    open.push(value)
    let result: Json | undefined
    if (Array.isArray(value)) {
      // What is data as it stands is not copied: most of a project is.
      let copy: Json[] | undefined
      for (let index = 0; index < value.length; index++) {
        const element = value[index] as unknown
        if (element === undefined)
          reject(circle.length > 0 ? `undefined (${circle.join(' and ')} import each other)` : 'undefined', index)
        const data = typeof element === 'string' ? element : (plainAt(index, element) ?? null)
        if (data !== element) copy ??= value.slice(0, index) as Json[]
        copy?.push(data)
      }
      result = copy ?? (value as readonly Json[])
    } else if (isPlain(value)) {
      const fields = value as Readonly<Record<string, unknown>>
      const keys = Object.keys(fields)
      let copy: Record<string, Json> | undefined
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index]!
        const field = fields[key]
        if (key === '__proto__') reject('a key of this name', key)
        if (field === undefined && circle.length > 0)
          reject(`undefined (${circle.join(' and ')} import each other)`, key)
        const data = typeof field === 'string' ? field : plainAt(key, field)
        if (copy === undefined && (data !== field || data === undefined)) {
          copy = {}
          for (const before of keys.slice(0, index)) copy[before] = fields[before] as Json
        }
        if (copy !== undefined && data !== undefined) copy[key] = data
      }
      result = copy ?? (fields as { readonly [key: string]: Json })
    } else if (value instanceof Promise) reject('a promise (await it)')
    else reject(`a ${value.constructor?.name ?? 'special'} object`)
    open.pop()
    return result
  }

  const data = plain(root) as { readonly [field: string]: Json }
  found.set(root, {
    kind: root[ENTITY],
    name: root.name,
    data,
    origin: root[ORIGIN],
    parts,
    bad,
    ...(holdsFunctions && { value: root }),
  })
  return later
}

/** Keys from an entity down to a part of it. */
type Trail = readonly (string | number)[]

/** `['tasks', 3, 'to']` → `tasks[3].to`. */
export const pathOf = (trail: Trail): string =>
  trail.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`
    if (path === '') return key
    return isIdentifier(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
  }, '')

const isIdentifier = (key: string) => /^[A-Za-z_$][\w$]*$/.test(key)
