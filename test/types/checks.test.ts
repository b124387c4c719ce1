import { describe, expect, it } from 'vitest'
import { Snippets } from './harness.ts'

const snippets = new Snippets()
/** A check where people write it; the answer is asked for when the test runs, so that all are compiled together. */
const add = (check: string) =>
  snippets.add(`import { layer } from 'ov'\nlayer({ name: 'a', version: '2026.1.1', eval: [\n${check},\n] })\n`)

const accepted = [
  `{ file: '/x', exists: true, mode: '0755', owner: 'root', groupOf: 'root', filetype: 'file', contains: 'x', sha256: 'x' }`,
  `{ package: 'x', installed: true, versions: ['1'], packageMap: { 'debian:13': 'y' } }`,
  `{ service: 'x', running: true, enabled: true }`,
  `{ port: 80, listening: true, reachable: true, ip: '::' }`,
  `{ process: 'x', running: false }`,
  `{ command: 'x', exitStatus: 1, stdout: ['x', 1, true, { contains: ['a', 1] }, { lt: 3 }], stderr: { notMatches: 'x' }, inContainer: false }`,
  `{ command: 'x', background: true }`,
  `{ http: 'https://x', status: 200, body: { contains: 'x' }, headers: 'x', method: 'PUT', requestBody: 'x', allowInsecure: true, noFollowRedirects: true, caFile: '/x' }`,
  `{ file: '/x', id: 'a', description: 'x', skip: false, scope: 'deploy', timeout: '500ms', eventually: '1.5m', retryInterval: '2s', excludeDistros: ['arch'] }`,
]
const refused: readonly (readonly [title: string, check: string, says: string])[] = [
  ['no verb', `{ id: 'x' }`, `3 { id: 'x' }: Type '{ id: string; }' is not assignable to type 'Check'.`],
  [
    'two verbs',
    `{ file: '/x', port: 80 }`,
    `3 { file: '/x', port: 80 }: Type '{ file: string; port: number; }' is not assignable to type 'Check'.`,
  ],
  [
    'a field of another verb',
    `{ command: 'x', mode: '0755' }`,
    `3 { command: 'x', mode: '0755' }: Type '{ command: string; mode: string; }' is not assignable to type 'Check'.`,
  ],
  [
    'a field that two verbs have, on a third',
    `{ file: '/x', running: true }`,
    `3 { file: '/x', running: true }: Type '{ file: string; running: true; }' is not assignable to type 'Check'.`,
  ],
  [
    'a misspelt field',
    `{ command: 'x', exitCode: 3 }`,
    `3 exitCode: Object literal may only specify known properties, and 'exitCode' does not exist in type 'Only<CommandCheck>'.`,
  ],
  [
    'a field as labels spell it',
    `{ command: 'x', exit_status: 3 }`,
    `3 exit_status: Object literal may only specify known properties, but 'exit_status' does not exist in type 'Only<CommandCheck>'. Did you mean to write 'exitStatus'?`,
  ],
  ['a wrong value', `{ port: '80' }`, `3 port: Type 'string' is not assignable to type 'number'.`],
  [
    'a wrong scope',
    `{ file: '/x', scope: 'live' }`,
    `3 scope: Type '"live"' is not assignable to type '"build" | "deploy"'.`,
  ],
  [
    'a time without a unit',
    `{ file: '/x', timeout: '10' }`,
    `3 timeout: Type '"10"' is not assignable to type '\`\${number}h\` | \`\${number}m\` | \`\${number}ms\` | \`\${number}s\`'.`,
  ],
  [
    'two operators',
    `{ command: 'x', stdout: { contains: 'x', matches: 'y' } }`,
    `3 stdout: Type '{ contains: string; matches: string; }' is not assignable to type 'Matchers | undefined'.`,
  ],
  ['an unknown operator', `{ command: 'x', stdout: { is: 'x' } }`, `3 is: `],
  [
    'a number for an expression',
    `{ command: 'x', stdout: { matches: 3 } }`,
    `3 stdout: Type '{ matches: number; }' is not assignable to type 'Matchers | undefined'.`,
  ],
]

describe('EVAL-06 EVAL-07 EVAL-08 checks compile', () => {
  it.each(accepted.map((check) => [check, add(check)] as const))('EVAL-06 %s', (_, file) => {
    expect(snippets.messages(file)).toEqual([])
  })
})

describe('EVAL-01 EVAL-06 EVAL-31 what is no check does not compile', () => {
  it.each(refused.map(([title, check, says]) => [title, add(check), says] as const))('EVAL-31 %s', (_, file, says) => {
    const [first, ...more] = snippets
      .messages(file)
      .map(({ line, at, text }) => `${line} ${at}: ${text.split('\n')[0]}`)
    expect(more).toEqual([])
    if (says.endsWith(': ')) expect(first?.slice(0, says.length)).toBe(says)
    else expect(first).toBe(says)
  })
})
