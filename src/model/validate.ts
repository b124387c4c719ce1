import type * as z from 'zod'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { placeOf, type AuthoredEntity, type Vocabulary } from './project.ts'
import type { IssueParams } from './schema/report.ts'
import { builderSchema } from './schema/builder.ts'
import { hostSchema } from './schema/host.ts'
import { imageSchema } from './schema/image.ts'
import { layerSchema } from './schema/layer.ts'
import { podSchema } from './schema/pod.ts'
import { refName } from './schema/refs.ts'

/** Checks every entity against its schema; all problems at once. */
export function validate(entities: readonly AuthoredEntity[], vocabulary: Vocabulary): Diagnostic[] {
  const builtFormats = new Set([...vocabulary.builders.values()].map(({ section }) => section && refName(section)))
  const formats = [...vocabulary.formats.values()].map((format) => ({
    name: format.name,
    fields: format.fields ?? {},
    needPackages: format.needPackages ?? [],
    built: builtFormats.has(format.name),
  }))
  const schemas: Readonly<Record<string, z.ZodType>> = {
    layer: layerSchema(formats, manifestFields(vocabulary)),
    image: imageSchema,
    pod: podSchema,
    host: hostSchema,
    builder: builderSchema,
  }
  return entities.flatMap((entity) => {
    const schema = schemas[entity.kind]
    const result = schema?.safeParse(entity.data)
    return (result?.error?.issues ?? []).flatMap((issue) => toDiagnostics(entity, schema!, issue))
  })
}

/** Builders of package sections have no manifest to name. */
const manifestFields = ({ builders }: Vocabulary): string[] =>
  [...builders.values()].flatMap((builder) => (builder.section === undefined ? [builder.name] : []))

/** `['tasks', 3, 'to']` → `tasks[3].to`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    const name = String(key)
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`
    return text === '' ? name : `${text}.${name}`
  }, '')
}

const inWords = (message: string): string =>
  message.replace(/^Invalid input: /, '').replace(/^expected .*, received undefined$/, 'is missing')

function toDiagnostics(entity: AuthoredEntity, schema: z.ZodType, issue: z.core.$ZodIssue): Diagnostic[] {
  const make = (code: Diagnostic['code'], path: readonly PropertyKey[], say: string, remedy?: string): Diagnostic => {
    const field = fieldPath(path)
    const owner = `${entity.kind} ${JSON.stringify(entity.name)}`
    return {
      code,
      severity: 'error',
      message: field === '' ? say : `${field}: ${say}`,
      entity: owner,
      ...(field !== '' && { field }),
      place: placeOf(entity, field),
      ...(remedy !== undefined && { remedy }),
    }
  }
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        // Parts that are checked by a schema of their own bring the keys along.
        const known = (issue as { known?: readonly string[] }).known ?? keysAt(schema, issue.path)
        const close = suggest(key, known)
        const where = fieldPath(issue.path)
        return {
          ...make(
            'OV2001',
            [...issue.path, key],
            '',
            close !== undefined
              ? `write ${close}`
              : known.length > 0
                ? `known fields are ${known.join(', ')}`
                : undefined,
          ),
          message: `${where === '' ? '' : `${where}: `}unknown field "${key}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
        }
      })
    case 'custom': {
      const params = issue.params as IssueParams | undefined
      return [make(params?.code ?? 'OV2002', issue.path, issue.message, params?.remedy)]
    }
    case 'invalid_union': {
      // The branch that got furthest says most; a union with a message of its own has already said it.
      const branches = issue.errors.filter(
        (errors) =>
          errors.length > 0 &&
          errors.some((error) => error.path.length > 0 || error.code === 'unrecognized_keys') &&
          // A reference to another kind of thing: the union itself says which kinds are meant.
          !errors.some(
            (error) => error.path[0] === '$ref' || (error.code === 'unrecognized_keys' && error.keys.includes('$ref')),
          ),
      )
      const best = branches.sort((a, b) => a.length - b.length)[0]
      if (best)
        return best.flatMap((inner) =>
          toDiagnostics(entity, schema, { ...inner, path: [...issue.path, ...inner.path] }),
        )
      return [make('OV2002', issue.path, issue.message)]
    }
    case 'invalid_key':
      return [make('OV2002', issue.path, issue.issues[0]?.message ?? issue.message)]
    default:
      return [make('OV2002', issue.path, inWords(issue.message))]
  }
}

interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly valueType?: z.ZodType
  readonly in?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly options?: readonly z.ZodType[]
}

/** Keys that the schema knows at a path, for suggestions. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const definition = schema._zod.def as unknown as Definition
  const [key, ...rest] = path
  if (definition.innerType) return keysAt(definition.innerType, path)
  if (definition.in) return keysAt(definition.in, path)
  if (definition.options) return [...new Set(definition.options.flatMap((option) => keysAt(option, path)))]
  if (key === undefined) return Object.keys(definition.shape ?? {})
  const next = definition.element ?? definition.valueType ?? definition.shape?.[String(key)]
  return next ? keysAt(next, rest) : []
}
