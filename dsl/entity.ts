import { callSite, ORIGIN, type CallSite } from './origin.ts'

/** Key under which an entity carries its kind; shared by all copies of this package in one program. */
const ENTITY: unique symbol = Symbol.for('ov.entity') as never

/** Key of the global list in which ov, while it runs a program, is told the kinds of entities as they are made. */
const MADE = Symbol.for('ov.made')

export type EntityKind = 'layer' | 'image' | 'pod' | 'base' | 'distro' | 'packageFormat' | 'builder' | 'init'

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
  ;(globalThis as { [MADE]?: EntityKind[] })[MADE]?.push(kind)
  // The spec is copied: changing the object afterwards must not change what was declared.
  return Object.freeze({ ...spec, [ENTITY]: kind, [ORIGIN]: callSite(constructor) }) as Entity<Kind>
}
