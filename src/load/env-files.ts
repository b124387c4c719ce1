import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { placeOf, type ImageModel, type Project } from '../model/project.ts'
import type { Lookups } from './sources.ts'

/** Reads the files of variables that images name: what they say is as if it stood in `env`, which goes before it. (IMG-01, IMG-03) */
export function withEnvFiles(
  project: Project,
  root: string,
  lookups: Lookups,
): { project: Project; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  if (![...project.images.values()].some(({ data }) => data.envFile !== undefined)) return { project, diagnostics }
  const images = new Map(
    [...project.images].map(([name, image]) => {
      const { envFile, env } = image.data
      if (envFile === undefined) return [name, image] as const
      const read = readVariables(image, envFile, root, lookups, diagnostics)
      return [name, { ...image, data: { ...image.data, env: { ...read, ...env } } }] as const
    }),
  )
  return { project: { ...project, images }, diagnostics }
}

function readVariables(
  image: ImageModel,
  envFile: string,
  root: string,
  lookups: Lookups,
  diagnostics: Diagnostic[],
): Record<string, string> {
  const path = resolve(dirname(resolve(root, image.origin.file)), envFile)
  const report = (message: string, remedy: string) =>
    diagnostics.push({
      code: 'OV1008',
      severity: 'error',
      message: `envFile: ${message}`,
      entity: `image "${image.name}"`,
      field: 'envFile',
      place: placeOf(image, 'envFile'),
      remedy,
    })
  if (lookups.file(path) === undefined) {
    report(`${JSON.stringify(envFile)} not found`, 'make it, or correct the path; it is relative to the declaring file')
    return {}
  }
  const variables: Record<string, string> = {}
  for (const [index, line] of readFileSync(path, 'utf8').split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined || value.includes('\0'))
      report(`line ${index + 1} of ${JSON.stringify(envFile)} is not NAME=value`, 'correct it, or put a # in front')
    else if (name === 'PATH')
      report(
        `line ${index + 1} of ${JSON.stringify(envFile)} sets PATH`,
        'move its directories to pathAppend of a layer',
      )
    else variables[name] = value
  }
  return variables
}
