/** A line of a unit file. `raw` is the source text where it differs from the canonical print; printing prefers it. */
export type UnitLine<Author = never> = (
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'blank' }
  | { readonly kind: 'entry'; readonly key: string; readonly value: string }
) & { readonly raw?: string; readonly author?: Author }

/** A `[name]` header and all lines up to the next header; keys may repeat and keep their order. */
export interface UnitSection<Author = never> {
  readonly name: string
  readonly lines: readonly UnitLine<Author>[]
  readonly raw?: string
  readonly author?: Author
}

/** A systemd unit, drop-in or podman quadlet: comments and blanks first, then sections. */
export interface Unit<Author = never> {
  readonly head: readonly UnitLine<Author>[]
  readonly sections: readonly UnitSection<Author>[]
  /** Set by the parser when the source lacks its last newline. */
  readonly unterminated?: true
}

/** A unit with one blank line between its sections (POD-117); sections without lines are left out. */
export function composeUnit<Author = never>(
  head: readonly UnitLine<Author>[],
  sections: readonly UnitSection<Author>[],
): Unit<Author> {
  const filled = sections.filter((section) => section.lines.length > 0)
  return {
    head,
    sections: filled.map((section, index) =>
      index === filled.length - 1 ? section : { ...section, lines: [...section.lines, { kind: 'blank' }] },
    ),
  }
}

/** All values of a key in the named section, in order. */
export function unitValues(unit: Unit<unknown>, sectionName: string, key: string): string[] {
  return unit.sections
    .filter((section) => section.name === sectionName)
    .flatMap((section) => section.lines)
    .flatMap((line) => (line.kind === 'entry' && line.key === key ? [line.value] : []))
}
