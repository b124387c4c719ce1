import { existsSync, readdirSync } from 'node:fs'
import { byName } from '../model/project.ts'
import { containerName } from '../model/deploy-key.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'

/** `ov deploy status`: which deploys have an entry, and which a quadlet. (POD-150) */
export function run(context: Context): Promise<number> {
  const { deploys, paths } = thisMachine(context)
  const files = existsSync(paths.quadlets) ? readdirSync(paths.quadlets) : []
  const pods = [...deploys.entries].filter(([, { target }]) => target === undefined || target === 'pod')
  const named = new Map(pods.map(([key]) => [`${containerName(key)}.container`, key]))
  const beside = new Set(
    pods.flatMap(([key, { sidecars }]) =>
      Object.keys(sidecars ?? {}).map((name) => `${containerName(key)}-${name}.container`),
    ),
  )
  const rows = [
    ...pods.map(([key]) => [key, true, files.includes(`${containerName(key)}.container`)] as const),
    ...files
      .filter((name) => /^ov-.*\.container$/.test(name) && !named.has(name) && !beside.has(name))
      .map((name) => [name.replace(/^ov-|\.container$/g, ''), false, true] as const),
  ].sort(([a], [b]) => byName(a, b))
  if (rows.length === 0) context.result('No deploy.yml entries and no quadlet files found')
  else
    context.result(
      rows
        .map(([key, entry, quadlet]) => {
          const what = entry ? (quadlet ? 'ok' : 'stale config') : 'no overrides'
          return `${key.padEnd(40)} deploy.yml: ${entry ? 'yes' : 'no '}  quadlet: ${quadlet ? 'yes' : 'no '}  (${what})`
        })
        .join('\n'),
    )
  return Promise.resolve(0)
}
