import fc from 'fast-check'
import { type Instruction, liveText, literalText, quoteSingle, runLines, shellWord } from '../../src/format/index.ts'
import { anyText } from './texts.ts'

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
const word = fc.stringMatching(/^[a-z0-9][a-zA-Z0-9${}/:.@-]{0,12}$/)
const oneLine = anyText.map((text) => text.replaceAll('\n', ' '))
const path = anyText.filter((text) => text !== '')
const mounts = fc.array(fc.constantFrom('--mount=type=tmpfs,dst=/x', '--mount=type=cache,dst=/c,id=ov-c'), {
  maxLength: 3,
})
const optional = <Value>(key: string, value: fc.Arbitrary<Value>) =>
  fc.option(value, { nil: undefined }).map((found) => (found === undefined ? {} : { [key]: found }))

const pair = fc.oneof(
  fc.record({
    name,
    value: fc.oneof(oneLine.map(literalText), oneLine.map(liveText)),
    quoting: fc.constant('double' as const),
  }),
  fc.record({
    name,
    value: fc.stringMatching(/^(?:[a-z/:.,=-]|\$\{A\})*$/).map(liveText),
    quoting: fc.constant('bare' as const),
  }),
)

const step = fc.oneof(
  oneLine.map((text) => `printf %s ${quoteSingle(text)}`),
  oneLine.map((text) => `mkdir -p ${shellWord(text)}`),
  fc.record({ command: fc.constant('dnf install -y'), items: fc.array(fc.constantFrom('a', 'b')) }),
)

/** Any instruction in the form the parser returns it. */
export const anyInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  oneLine.map((text) => text.replaceAll('\r', ' ')).map((text) => ({ kind: 'comment' as const, text })),
  fc.constant({ kind: 'blank' as const }),
  fc.tuple(name, optional('value', oneLine)).map(([arg, rest]) => ({ kind: 'arg' as const, name: arg, ...rest })),
  fc.tuple(word, optional('stage', word)).map(([image, rest]) => ({ kind: 'from' as const, image, ...rest })),
  fc.record({ kind: fc.constant('env' as const), pairs: fc.array(pair, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('expose' as const), port: fc.constantFrom('80', '53/udp', '8000-8010/tcp') }),
  fc.record({ kind: fc.constant('user' as const), user: word }),
  fc.record({
    kind: fc.constant('workdir' as const),
    path: oneLine.map((text) => `/${text}`).filter((text) => !/[\s\\]$/.test(text)),
  }),
  fc
    .tuple(
      optional('from', word),
      optional('chmod', word),
      optional('chown', word),
      fc.array(path, { minLength: 1, maxLength: 3 }),
      path,
    )
    .map(([from, chmod, chown, sources, to]) => ({ kind: 'copy' as const, ...from, ...chmod, ...chown, sources, to })),
  fc.tuple(mounts, fc.array(step, { minLength: 1, maxLength: 3 })).map(([all, steps]) => runLines(all, steps)),
  fc.record({
    kind: fc.constant('run' as const),
    form: fc.constant('exec' as const),
    mounts,
    argv: fc.array(anyText, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('label' as const),
    name: fc.stringMatching(/^[a-z][a-z0-9._-]{0,12}$/),
    value: oneLine,
    quoting: fc.constantFrom('double' as const, 'single' as const),
  }),
)
