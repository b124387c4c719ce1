import fc from 'fast-check'

/** Texts that have broken a printer somewhere before. */
export const NASTY: readonly string[] = [
  '',
  ' ',
  '\t',
  '\\',
  '\\\\',
  '"',
  "'",
  `'"`,
  "it's",
  "'\\''",
  '$',
  '$$',
  '$HOME',
  '${A}',
  '\\${A}',
  '$${A}',
  '${A',
  '$(id)',
  '`id`',
  '!',
  '!!x',
  '%',
  '%%',
  '%h',
  '%20',
  '*',
  '?[a-z]',
  '{a,b}',
  '{1..3}',
  '{${A},b}',
  '~',
  '~root/x',
  'a=~root',
  '#x',
  'a #b',
  'a ;b',
  ';',
  '-x',
  '--mount=x',
  '[',
  '["a"]',
  '<<EOF',
  'cat <<EOF\nEOF\n',
  'a\nb',
  'a\\\nb',
  '\r\n',
  'trailing\\',
  ' both ends ',
  'ünïcødé ☃ 🎉',
  '\u0080\u0085\u00a0\u2028\ufeff',
  '\u0001\u001f\u007f',
  "awk '{print $1}'",
]

const MARKS = [
  '\\',
  '"',
  "'",
  '$',
  '{',
  '}',
  'A',
  '`',
  '!',
  '%',
  '#',
  ';',
  '\n',
  '\r',
  '\t',
  ' ',
  '<',
  '=',
  '~',
  ',',
  '.',
  'é',
  '🎉',
]

/** Any text a machine can hold in a NUL-terminated string: all of Unicode, with what languages treat specially often. */
export const anyText: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...MARKS), maxLength: 12 }),
    fc.constantFrom(...NASTY),
  )
  .map((text) => text.replaceAll('\0', ''))

/** Many texts at once, so that one process can check them all. */
export const manyTexts: fc.Arbitrary<string[]> = fc
  .array(anyText, { minLength: 150, maxLength: 250 })
  .map((texts) => [...NASTY, ...texts])
