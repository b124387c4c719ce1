/** Verdicts as people and programs read them. (EVAL-21) */
import { printYaml } from '../format/yaml.ts'
import type { Verdict } from './evaluate.ts'

export const FORMATS = ['text', 'json', 'tap', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

const MARKS = { pass: '✓', fail: '✗', skip: '⚠' } as const

const onOneLine = (text: string) => text.replace(/\s*[\r\n]+\s*/g, ' ').trim()
/** A script is known by its first line. */
const brief = (subject: string) => subject.trim().replace(/[\r\n][^]*$/, ' …')

/** One verdict for people. */
export function verdictText({ status, verb, subject, message, origin, description }: Verdict): string {
  const line = [MARKS[status], verb, brief(subject)].filter((word) => word !== '').join(' ')
  if (status === 'pass') return line
  if (status === 'skip') return `${line}: ${onOneLine(message)}`
  return [
    `${line}: ${onOneLine(message)}`,
    ...(description === '' ? [] : [`    ${onOneLine(description)}`]),
    `    from ${origin}`,
  ].join('\n')
}

const count = (verdicts: readonly Verdict[], status: Verdict['status']) =>
  verdicts.filter((one) => one.status === status).length

/** `3 passed · 0 failed · 1 skipped` */
export const summary = (verdicts: readonly Verdict[]): string =>
  `${count(verdicts, 'pass')} passed · ${count(verdicts, 'fail')} failed · ${count(verdicts, 'skip')} skipped`

/** All verdicts as one document for programs. */
export function verdictDocument(image: string, verdicts: readonly Verdict[]): object {
  return {
    schemaVersion: 1,
    image,
    passed: count(verdicts, 'pass'),
    failed: count(verdicts, 'fail'),
    skipped: count(verdicts, 'skip'),
    checks: verdicts.map(({ id, verb, status, section, origin, subject, message }) => ({
      id,
      verb,
      status,
      section,
      origin,
      subject,
      message,
    })),
  }
}

export const verdictYaml = (image: string, verdicts: readonly Verdict[]): string =>
  printYaml(verdictDocument(image, verdicts))

/** Version 13 of the Test Anything Protocol; what comes after a # would be an order. */
export function verdictTap(verdicts: readonly Verdict[]): string {
  const plain = (text: string) => onOneLine(text).replace(/[\\#]/g, '\\$&')
  const blocks = verdicts.flatMap(({ status, verb, subject, message, origin }, index) => {
    const line = `${status === 'fail' ? 'not ok' : 'ok'} ${index + 1} - ${plain(`${verb} ${subject}`)}`
    if (status === 'skip') return [`${line} # SKIP ${onOneLine(message)}`]
    if (status === 'pass') return [line]
    const details = printYaml({ message, origin }).trimEnd().split('\n')
    return [line, ...['---', ...details, '...'].map((one) => `  ${one}`)]
  })
  return ['TAP version 13', `1..${verdicts.length}`, ...blocks].join('\n')
}
