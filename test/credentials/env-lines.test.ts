import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namesIn, shellExports, withoutVariable, withVariable } from '../../src/credentials/env-lines.ts'
import { parseEnvFile } from '../../src/plan/pod/env.ts'

const read = (text: string) => parseEnvFile(text, () => undefined)

const TEXT = `# a remark
A=1
  B = two words${' '}

not a variable
export C=3
A=last
D='quoted'
`

const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(' ', "'", '"', '$', '\\', '`', '#', '=', '\t', '\r', 'ü', '日', 'x') }),
)
const name = fc.constantFrom('A', 'B', 'D', 'NEW')
const text = fc
  .array(fc.constantFrom('A=1', 'B="x"\r', '# A=0', '', 'NEW', ' D = d', 'A', '\uFEFFA=bom', '=x', 'E=5'))
  .chain((lines) => fc.constantFrom(lines.join('\n'), `${lines.join('\n')}\n`))

describe('lines of a file of secrets', () => {
  it('CRED-65 a value comes back as it was, or is refused; all else stays', () => {
    fc.assert(
      fc.property(text, name, value, (before, name, value) => {
        const after = withVariable(before, name, value)
        if (after === undefined) {
          expect(value).toMatch(/[\n\0]/)
          return
        }
        expect(read(after)).toEqual(new Map([...read(before), [name, value]]))
        const others = (text: string) => text.split(/\r?\n|\r$/).filter((line) => !read(line).has(name) && line !== '')
        expect(others(after)).toEqual(others(before))
        const without = read(before)
        without.delete(name)
        expect(read(withoutVariable(after, name))).toEqual(without)
      }),
      { numRuns: 2000 },
    )
  })

  it('CRED-65 a new value is where the old one was, the only one of its name', () => {
    expect(withVariable(TEXT, 'A', '2')).toBe(TEXT.replace('A=1', 'A=2').replace('A=last\n', ''))
    expect(withVariable(TEXT, 'E', ' x')).toBe(`${TEXT}E=' x'\n`)
    expect(withVariable('A=1', 'E', "' x ")).toBe(`A=1\nE="' x "\n`)
    expect(withVariable('A=1\r\nB=2\r\n', 'A', '3')).toBe('A=3\r\nB=2\r\n')
    expect(withVariable('', 'A', 'b')).toBe('A=b\n')
    expect(withoutVariable(TEXT, 'A')).toBe(TEXT.replace('A=1\n', '').replace('A=last\n', ''))
    expect(namesIn(TEXT)).toEqual(['A', 'B', 'export C', 'D'])
  })

  it('CRED-65 shells read exactly the values, and what they can not is left out', () => {
    const values = ['$HOME `id` $(id)', "it's", '"', '\\n', 'a\tb\r', '日本 ✔', '-n', '!!', '~', '*', ' x ']
    const before = values.map((value, index) => withVariable('', `V${index}`, value)).join('')
    const { lines, leftOut } = shellExports(`${before}export X=1\nA-B=2\n1A=3\nN=a\0b\nbare\n`)
    expect(leftOut).toEqual([1, 2, 3, 4].map((index) => values.length + index))
    const print = values.map((_, index) => `"$V${index}"`).join(' ')
    for (const shell of ['sh', 'bash', 'zsh']) {
      const { stdout } = spawnSync(shell, ['-c', `eval "$1"; printf '%s\\0' ${print}`, 'sh', lines.join('\n')])
      expect(stdout.toString().split('\0').slice(0, -1)).toEqual(values)
    }
  })
})
