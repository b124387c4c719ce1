import { callSite, ORIGIN, type CallSite } from './origin.ts'

/** Key under which an entity carries its kind; shared by all copies of this package in one program. */
const ENTITY: unique symbol = Symbol.for('ov.entity') as never

/** Key of the global through which ov, while it runs a program, is told of entities as they are made. */
const MADE: unique symbol = Symbol.for('ov.made') as never

/** What ov and the entities of a program tell each other. */
interface Told {
  /** Everything that was made, in its order. */
  readonly made: object[]
  /** While it is there, entities are written as references to each other instead of in full. */
  readonly reference?: (entity: object) => unknown
}

const told = (): Told | undefined => (globalThis as { [MADE]?: Told })[MADE]

/** An entity is its fields; when ov compares what a program declared, it is where it stands in the list of all. */
function toJSON(this: object): unknown {
  const reference = told()?.reference
  return reference ? reference(this) : { ...this }
}

export type EntityKind = 'layer' | 'image' | 'pod' | 'host' | 'base' | 'distro' | 'packageFormat' | 'builder' | 'init'

/** What every constructor returns at run time: the spec as written, its kind, and the place that wrote it. */
export interface Entity<Kind extends EntityKind = EntityKind> {
  readonly [ENTITY]: Kind
  readonly [ORIGIN]: CallSite
  /** The name it was declared with. */
  readonly name: string
}

/** Makes an entity; `constructor` is the public function whose caller is the author. */
export function entity<Kind extends EntityKind>(
  kind: Kind,
  constructor: (...args: never[]) => unknown,
  spec: object,
): Entity<Kind> {
  // The spec is copied: changing the object afterwards must not change what was declared.
  const made = { ...spec, [ENTITY]: kind, [ORIGIN]: callSite(constructor) }
  // Not enumerable: it is no field, and copies of the fields do not have it.
  Object.defineProperty(made, 'toJSON', { value: toJSON })
  told()?.made.push(made)
  return Object.freeze(made) as object as Entity<Kind>
}
