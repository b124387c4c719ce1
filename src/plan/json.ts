import { byName } from '../model/project.ts'
import { PLAN_SCHEMA_VERSION, type ImagePlan, type LayerPlan, type Step } from './ir.ts'
import { labelsOf } from './labels.ts'
import type { PodPlan } from './pod/index.ts'
import { gateOf, scopeOf, venueOf } from './steps.ts'

/** Names whose JSON spelling is not simply the capitalised one. */
const SPELLING: Readonly<Record<string, string>> = {
  deployId: 'DeployID',
  layersIncluded: 'LayersIncluded',
  caches: 'CacheMount',
  commands: 'RawInstallContext',
  stage: 'RawStageContext',
}
const PHASES = { prepare: 0, install: 1, cleanup: 2 } as const
const SERVICE_SCOPES = { system: 0, user: 1 } as const

const spell = (key: string) => SPELLING[key] ?? key.charAt(0).toUpperCase() + key.slice(1)

/** A step with the field names of the plan's persisted form. (PLAN-32) */
function stepToJson(step: Step): Record<string, unknown> {
  const { kind, origin, ...fields } = step
  const json: Record<string, unknown> = {
    Kind: kind,
    Scope: scopeOf(step),
    Venue: venueOf(step),
    Gate: gateOf(step) ?? '',
  }
  for (const [key, value] of Object.entries(fields))
    json[spell(key)] =
      key === 'phase'
        ? PHASES[value as keyof typeof PHASES]
        : key === 'targetScope'
          ? SERVICE_SCOPES[value as keyof typeof SERVICE_SCOPES]
          : value
  return { ...json, Origin: `${origin.file}:${origin.line}:${origin.column}` }
}

/** A layer's plan with the keys of PLAN-02. */
export function planToJson(plan: LayerPlan): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(plan).map(([key, value]) => [spell(key), key === 'steps' ? plan.steps.map(stepToJson) : value]),
  )
}

/** Everything that would be built and run, as one document. */
export function projectToJson(images: readonly ImagePlan[], pods: readonly PodPlan[]): Record<string, unknown> {
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    images: [...images]
      .sort((a, b) => byName(a.name, b.name))
      .map((image) => ({
        name: image.name,
        version: image.metadata.version,
        base: image.base,
        user: image.user,
        distro: image.metadata.distro,
        formats: image.metadata.formats,
        origin: `${image.origin.file}:${image.origin.line}:${image.origin.column}`,
        labels: Object.fromEntries(labelsOf(image).map((label) => [label.name, label.value])),
        extract: image.layers.flatMap(({ plan, extract }) => extract.map((one) => ({ layer: plan.layer, ...one }))),
        shell: image.shell.map(stepToJson),
        plans: image.layers.map((layer) => planToJson(layer.plan)),
      })),
    deploys: pods.map(({ origin, places: _, ...pod }) => ({
      ...pod,
      origin: `${origin.file}:${origin.line}:${origin.column}`,
    })),
  }
}
