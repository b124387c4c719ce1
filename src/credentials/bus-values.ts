import { malformedReply } from './bus-error.ts'

/** Readers of what is answered on a bus: anybody may answer anything, and what it is not must not come to light somewhere else. */

export function asPath(value: unknown, member: string): string {
  if (typeof value !== 'string' || !/^\/(?:\w+(?:\/\w+)*)?$/.test(value)) throw malformedReply(member, 'an object path')
  return value
}

/** Each once. */
export function asPaths(value: unknown, member: string): readonly string[] {
  if (!Array.isArray(value)) throw malformedReply(member, 'a list of object paths')
  return [...new Set(value.map((one) => asPath(one, member)))]
}

export function asText(value: unknown, member: string): string {
  if (typeof value !== 'string') throw malformedReply(member, 'text')
  return value
}

export function asFlag(value: unknown, member: string): boolean {
  if (typeof value !== 'boolean') throw malformedReply(member, 'true or false')
  return value
}

export function asBytes(value: unknown, member: string): Buffer {
  if (!Buffer.isBuffer(value)) throw malformedReply(member, 'bytes')
  return value
}

export function asTuple(value: unknown, length: number, member: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw malformedReply(member, `a structure of ${length}`)
  return value
}

/** Texts by name. */
export function asTexts(value: unknown, member: string): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Buffer.isBuffer(value))
    throw malformedReply(member, 'texts by name')
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asText(one, member)]))
}
