import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { MODIFIERS, VERB_FIELDS, VERBS as CHECK_VERBS } from '../../src/model/check.ts'
import { checks } from '../../src/model/schema/check.ts'
import { taskList, VERBS } from '../../src/model/schema/tasks.ts'
import { imageSchema } from '../../src/model/schema/image.ts'
import { layerSchema } from '../../src/model/schema/layer.ts'
import { podSchema } from '../../src/model/schema/pod.ts'
import { BUILT_IN } from '../../src/vocabulary/index.ts'

const dsl = join(import.meta.dirname, '../../dsl/index.ts')
const program = ts.createProgram([dsl], {
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2023,
  types: [],
})
const checker = program.getTypeChecker()
const door = checker.getSymbolAtLocation(program.getSourceFile(dsl)!)!
const exported = new Map(
  checker.getExportsOfModule(door).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return [symbol.name, target] as const
  }),
)

const NOTHING = ts.TypeFlags.Undefined | ts.TypeFlags.Never
/** Names of the properties that some member of a type can have. */
function properties(type: ts.Type): string[] {
  const members = type.isUnion() ? type.types : [type]
  const names = members.flatMap((member) =>
    checker
      .getPropertiesOfType(member)
      .filter((property) => !property.name.startsWith('__@'))
      .filter((property) => (checker.getNonNullableType(checker.getTypeOfSymbol(property)).flags & NOTHING) === 0)
      .map((property) => property.name),
  )
  return [...new Set(names)].sort()
}
/** Fields of an exported interface or type. */
const fieldsOf = (name: string) => properties(checker.getDeclaredTypeOfSymbol(exported.get(name)!))
/** Fields of what a constructor takes. */
function takenBy(name: string): string[] {
  const [signature] = checker.getTypeOfSymbol(exported.get(name)!).getCallSignatures()
  const [parameter] = signature!.getParameters()
  return properties(checker.getTypeOfSymbol(parameter!))
}

interface Definition {
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly valueType?: z.ZodType
  readonly options?: readonly z.ZodType[]
}
const definition = (schema: z.ZodType) => schema._zod.def as unknown as Definition
/** Fields that a schema knows, through what is optional, listed, mapped or one of several. */
function known(schema: z.ZodType, ...path: string[]): string[] {
  const { shape, innerType, element, valueType, options } = definition(schema)
  const inner = innerType ?? element ?? valueType
  if (inner) return known(inner, ...path)
  if (options) return [...new Set(options.flatMap((option) => known(option, ...path)))].sort()
  const [first, ...rest] = path
  if (first === undefined) return Object.keys(shape ?? {}).sort()
  return shape?.[first] ? known(shape[first], ...rest) : []
}

const formats = [...BUILT_IN.formats.values()].map(({ name, fields = {}, needPackages = [] }) => ({
  name,
  fields,
  needPackages,
  built: name === 'aur',
}))
const layer = layerSchema(
  formats,
  [...BUILT_IN.builders.values()].filter(({ section }) => section === undefined).map(({ name }) => name),
)

describe('LAY-02 LAY-120 the types and the run-time check know the same fields', () => {
  it('LAY-120 of layers, images and deploys', () => {
    expect(known(layer)).toEqual(takenBy('layer'))
    expect(known(imageSchema)).toEqual(takenBy('image'))
    expect(known(podSchema)).toEqual(takenBy('pod'))
  })
  it('LAY-120 of security, services and repositories', () => {
    expect(known(imageSchema, 'security')).toEqual(fieldsOf('Security'))
    expect(known(podSchema, 'security')).toEqual(fieldsOf('Security'))
    expect(known(layer, 'security')).toEqual(fieldsOf('Security'))
    expect(known(layer, 'services')).toEqual(fieldsOf('Service'))
    expect(known(layer, 'deb', 'repos')).toEqual(fieldsOf('DebRepo'))
    expect(known(layer, 'rpm', 'repos')).toEqual(fieldsOf('RpmRepo'))
    expect(known(layer, 'pac', 'repos')).toEqual(fieldsOf('PacRepo'))
  })
  it('LAY-43 of package sections', () => {
    expect(known(layer, 'deb')).toEqual(fieldsOf('DebSection'))
    expect(known(layer, 'rpm')).toEqual(fieldsOf('RpmSection'))
    expect(known(layer, 'pac')).toEqual(fieldsOf('PacSection'))
    expect(known(layer, 'aur')).toEqual(fieldsOf('AurSection'))
    expect(known(layer, 'distros')).toEqual(fieldsOf('DistroPackages'))
    expect(known(layer, 'packages')).toEqual(fieldsOf('NamedPackage'))
    const every = ['RpmSection', 'DebSection', 'PacSection', 'AurSection'].flatMap(fieldsOf)
    expect(fieldsOf('TagSection')).toEqual([...new Set(every)].sort())
  })
  it('LAY-89 of contracts', () => {
    expect(known(layer, 'envRequires')).toEqual(['default', 'description'])
    expect(known(layer, 'secretAccepts')).toEqual(['description', 'key'])
  })
  it('LAY-79 LAY-86 LAY-87 LAY-95 of what layers say of their containers', () => {
    expect(known(layer, 'secrets')).toEqual(fieldsOf('OwnedSecret'))
    expect(known(layer, 'hooks')).toEqual(fieldsOf('Hooks'))
    expect(known(layer, 'route')).toEqual(fieldsOf('Route'))
    expect(known(layer, 'data')).toEqual(fieldsOf('DataEntry'))
    expect(known(layer, 'extract')).toEqual(fieldsOf('ExtractedFiles'))
    expect(known(layer, 'artifacts')).toEqual(fieldsOf('Artifact'))
    expect(known(layer, 'shell')).toEqual(fieldsOf('Shell'))
    expect(known(imageSchema, 'shell', 'fish')).toEqual(fieldsOf('ShellCode'))
    expect(known(layer, 'capabilities')).toEqual(fieldsOf('Capabilities'))
    expect(known(layer, 'mcpProvides')).toEqual(['transport', 'url'])
    expect(known(layer, 'mcpAccepts')).toEqual(['description'])
  })
  it('IMG-01 of bootstrapped bases', () => {
    expect(known(imageSchema, 'base', '$base')).toEqual(fieldsOf('DebootstrapSpec'))
  })
  it.each(VERBS)('LAY-11 LAY-12 of %s tasks', (verb) => {
    const type = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Task`
    const every = [...new Set(VERBS.flatMap((one) => fieldsOf(`${one.charAt(0).toUpperCase()}${one.slice(1)}Task`)))]
    // A field is known when it is not refused as one that the verb does not use.
    const refused = (field: string) =>
      taskList
        .safeParse([{ [verb]: 'x', ...(field !== verb && { [field]: 'x' }) }])
        .error?.issues.some(({ message }) => message.includes('is not valid on') || message.includes('conflicting'))
    expect(every.filter((field) => refused(field) !== true).sort()).toEqual(fieldsOf(type))
  })
  it.each(CHECK_VERBS)('EVAL-06 EVAL-07 of %s checks', (verb) => {
    const fields = fieldsOf(`${verb.charAt(0).toUpperCase()}${verb.slice(1)}Check`)
    expect(Object.keys({ ...VERB_FIELDS[verb], ...MODIFIERS }).sort()).toEqual(fields)
    // No field that the types know is one that the run-time check has never heard of.
    const unknown = (field: string) =>
      checks('build')
        .safeParse([{ [verb]: 'x', [field]: 'x' }])
        .error?.issues.some(({ code }) => code === 'unrecognized_keys')
    expect(fields.filter((field) => unknown(field) === true)).toEqual([])
    expect(unknown('nonsense')).toBe(true)
  })
})
