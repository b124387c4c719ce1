import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  ansiC,
  commentLines,
  findHeredoc,
  globLiteral,
  type Instruction,
  labelScalar,
  literalText,
  liveText,
  parseContainerfile,
  printContainerfile,
  quoteSingle,
  runLines,
  Unrepresentable,
} from '../../src/format/index.ts'
import { anyInstruction } from './instructions.ts'
import { anyText } from './texts.ts'

const print = (...instructions: Instruction[]) =>
  printContainerfile(instructions.map((instruction) => ({ instruction }))).text

const env = (name: string, value: string): Instruction => ({
  kind: 'env',
  pairs: [{ name, value: literalText(value), quoting: 'double' }],
})

it('IMG-53 the parser reads every Containerfile back to the same instructions', () => {
  fc.assert(
    fc.property(fc.array(anyInstruction), (instructions) => {
      const text = print({ kind: 'comment', text: 'generated' }, ...instructions)
      expect(parseContainerfile(text)).toEqual([{ kind: 'comment', text: 'generated' }, ...instructions])
    }),
    { numRuns: 500 },
  )
})

it('IMG-53 prints the service image of the worked examples', () => {
  const json = (name: string, value: unknown): Instruction => ({
    kind: 'label',
    name: `org.overthinkos.${name}`,
    value: JSON.stringify(value),
    quoting: 'single',
  })
  const text = print(
    ...commentLines('.build/web/Containerfile (generated -- do not edit)'),
    { kind: 'blank' },
    { kind: 'arg', name: 'BASE_IMAGE', value: 'r/fedora:2026.150.900' },
    { kind: 'blank' },
    { kind: 'from', image: 'scratch', stage: 'web-ctx' },
    { kind: 'copy', sources: ['layers/web/'], to: '/' },
    { kind: 'from', image: '${BASE_IMAGE}' },
    { kind: 'user', user: 'root' },
    env('WEB_ROOT', '/home/user/www'),
    { kind: 'env', pairs: [{ name: 'PATH', value: [{ literal: '/a:/b:' }, { ref: 'PATH' }], quoting: 'double' }] },
    { kind: 'expose', port: '8080/udp' },
    runLines(
      ['--mount=type=cache,dst=/var/cache/libdnf5,sharing=locked', '--mount=type=bind,from=x,source=/,target=/ctx'],
      ['dnf install -y dnf5-plugins', { command: 'dnf install -y', items: ['supervisor', 'tmux'] }, 'true'],
    ),
    { kind: 'arg', name: 'TARGETARCH' },
    { kind: 'env', pairs: [{ name: 'ARCH', value: [{ ref: 'TARGETARCH' }], quoting: 'bare' }] },
    runLines([], ['mkdir -p /usr/local/bin']),
    { kind: 'copy', from: 'web-ctx', chmod: '0755', chown: '1000:1000', sources: ['web.sh'], to: '/usr/bin/web.sh' },
    { kind: 'workdir', path: '/home/user' },
    { kind: 'label', name: 'org.overthinkos.uid', value: '1000', quoting: 'double' },
    json('platform.distro', ['fedora:43', 'fedora']),
  )
  expect(text).toBe(`# .build/web/Containerfile (generated -- do not edit)

ARG BASE_IMAGE=r/fedora:2026.150.900

FROM scratch AS web-ctx
COPY layers/web/ /
FROM \${BASE_IMAGE}
USER root
ENV WEB_ROOT="/home/user/www"
ENV PATH="/a:/b:\${PATH}"
EXPOSE 8080/udp
RUN --mount=type=cache,dst=/var/cache/libdnf5,sharing=locked \\
    --mount=type=bind,from=x,source=/,target=/ctx \\
    dnf install -y dnf5-plugins && \\
    dnf install -y \\
      supervisor \\
      tmux && \\
    true
ARG TARGETARCH
ENV ARCH=\${TARGETARCH}
RUN mkdir -p /usr/local/bin
COPY --from=web-ctx --chmod=0755 --chown=1000:1000 web.sh /usr/bin/web.sh
WORKDIR /home/user
LABEL org.overthinkos.uid="1000"
LABEL org.overthinkos.platform.distro='["fedora:43","fedora"]'
`)
  expect(print(...parseContainerfile(text))).toBe(text)
})

it('IMG-38 several fixed variables share an unquoted ENV line', () => {
  const pair = (name: string, value: string) => ({ name, value: literalText(value), quoting: 'bare' as const })
  expect(print({ kind: 'env', pairs: [pair('A_DIR', '/tmp/a'), pair('npm_config_cache', '/tmp/b')] })).toBe(
    'ENV A_DIR=/tmp/a npm_config_cache=/tmp/b\n',
  )
})

it('LAY-62 a layer value reaches run time literally, references included', () => {
  expect(print(env('URL', 'pg://u:${POSTGRES_PASSWORD}@$H/"\\'))).toBe(
    'ENV URL="pg://u:\\${POSTGRES_PASSWORD}@\\$H/\\"\\\\"\n',
  )
})

it('LAY-28 a var keeps ${ARCH} live', () => {
  const value = liveText('v1-${ARCH}-$x')
  expect(print({ kind: 'env', pairs: [{ name: 'K', value, quoting: 'double' }] })).toBe('ENV K="v1-${ARCH}-\\$x"\n')
})

it('LAY-62 a newline in ENV is refused: no reader has an escape for it', () => {
  expect(() => print(env('K', 'a\nb'))).toThrow(Unrepresentable)
  expect(() => print(env('K', 'a\0b'))).toThrow('Containerfile value cannot hold a NUL character')
})

it('IMG-144 scalar labels escape \\ " $ and turn newlines into spaces', () => {
  const value = labelScalar('a "b" $c \\ d\r\ne\nf')
  expect(print({ kind: 'label', name: 'k', value, quoting: 'double' })).toBe('LABEL k="a \\"b\\" \\$c \\\\ d e f"\n')
})

it("IMG-144 check text like awk '{print $1}' stays one value of a JSON label", () => {
  const value = JSON.stringify({ run: "awk '{print $1}'" })
  const text = print({ kind: 'label', name: 'k', value, quoting: 'single' })
  expect(text).toBe(`LABEL k='{"run":"awk '\\''{print $1}'\\''"}'\n`)
  expect(parseContainerfile(text)).toEqual([{ kind: 'label', name: 'k', value, quoting: 'single' }])
})

it('LAY-14 the exec form carries any script on one line', () => {
  fc.assert(
    fc.property(anyText, (script) => {
      const text = print({ kind: 'run', form: 'exec', mounts: ['--mount=type=tmpfs'], argv: ['bash', '-c', script] })
      expect(text.split('\n')).toHaveLength(2)
      expect(text).toMatch(/^RUN --mount=type=tmpfs \["bash","-c","/)
      expect(JSON.parse(text.slice('RUN --mount=type=tmpfs '.length))).toEqual(['bash', '-c', script])
    }),
  )
})

it('LAY-13 the ANSI-C form carries any script through the line and heredoc readers', () => {
  fc.assert(
    fc.property(anyText, (script) => {
      const text = print(runLines([], [`bash -c ${ansiC(script)}`]))
      expect(text.split('\n')).toHaveLength(2)
      expect(parseContainerfile(text)).toHaveLength(1)
    }),
  )
})

it.each([
  ['an uncontinued line break', 'a\nb'],
  ['a comment line that builders drop', "printf '%s' ' \\\n  # text' \\\n  b"],
  ['an empty line', 'a && \\\n\\\nb'],
  ['a trailing backslash', 'find . -exec rm {} \\'],
  ['a heredoc', 'cat <<EOF'],
  ['a heredoc with a descriptor', "cat 3<<-'EOF'"],
  ['quotes that do not balance before <<', "echo 'a <<b"],
  ['what reads as exec form', '["a"] && b'],
  ['what reads as a flag', '--mount=x y'],
])('LAY-14 refuses shell text with %s', (_, text) => {
  expect(() => print(runLines([], [text]))).toThrow(Unrepresentable)
})

it.each([
  '[ -L /usr/local ] && true',
  'cat <<<word',
  'echo $((1<<2))',
  "bash -c 'cat <<EOF'",
  'find . -exec rm {} \\;',
])('LAY-19 lets the shell text %s through', (text) => {
  expect(print(runLines([], [text]))).toBe(`RUN ${text}\n`)
})

it('LAY-19 a single-quoted script never opens a heredoc', () => {
  fc.assert(
    fc.property(anyText, (script) => {
      expect(findHeredoc(`bash -c ${quoteSingle(script)}`)).toBeUndefined()
    }),
  )
})

it('LAY-33 COPY with blanks uses the JSON form', () => {
  expect(print({ kind: 'copy', sources: ['my file', 'b'], to: '/x/${ARCH}/$y/' })).toBe(
    'COPY ["my file","b","/x/${ARCH}/\\\\$y/"]\n',
  )
})

it('LAY-16 a source with glob characters can be named literally', () => {
  expect(print({ kind: 'copy', sources: [globLiteral('a[1]*.txt')], to: '/' })).toBe('COPY a[[]1][*].txt /\n')
})

it('LAY-12 newlines of a comment become further comment lines', () => {
  expect(print({ kind: 'blank' }, ...commentLines('one\n\ntwo'))).toBe('\n# one\n#\n# two\n')
})

it('IMG-53 a first comment that builders take for a directive is refused', () => {
  expect(() => print({ kind: 'comment', text: 'escape=`' })).toThrow(Unrepresentable)
})

it('IMG-53 a line that builders cannot read in one piece is refused', () => {
  expect(print(env('K', 'x'.repeat(65_000)))).toHaveLength(65_009)
  expect(() => print(env('K', 'x'.repeat(66_000)))).toThrow('a line longer than 65535 bytes')
})

it('IMG-53 every physical line knows its author', () => {
  const { lines } = printContainerfile([
    { instruction: { kind: 'user', user: 'root' }, author: 'a' },
    { instruction: runLines(['--mount=type=tmpfs'], ['x', 'y']), author: 'b' },
    { instruction: { kind: 'blank' } },
    { instruction: { kind: 'user', user: '1000' }, author: 'c' },
  ])
  expect(lines).toEqual(['a', 'b', 'b', 'b', undefined, 'c'])
})

it.each([
  'ADD a b\n',
  'RUN x',
  'USER a b\n',
  ' USER a\n',
  'ENV K=V L="x\n',
  'LABEL a=b\n',
  'EXPOSE x\n',
  'COPY ["a"]\n',
  '#comment\n',
  'run x\n',
])('IMG-53 the parser refuses %j', (text) => {
  expect(() => parseContainerfile(text)).toThrow(SyntaxError)
})
