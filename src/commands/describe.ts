import { isThere } from '../apply/targets/pod/index.ts'
import type { Intent } from './machine.ts'

/** What an intent comes to, in lines. */
export function describe(intent: Intent, prune: boolean): string[] {
  const builds = intent.images
    .filter((decision) => decision.build)
    .map(
      (decision) => `would ${decision.equal ? 'tag' : 'build'} image ${decision.image.name} as ${decision.reference}`,
    )
  const pods = intent.changes.map(
    (change) =>
      `would ${isThere(change) ? 'restart' : 'start'} ${change.desired.plan.name}${change.reasons.length > 0 ? ` (${change.reasons.join(', ')})` : ''}`,
  )
  const orphans = intent.orphans.map((record) =>
    prune
      ? `would remove ${record.name}, which is no longer declared`
      : `${record.name} is no longer declared (--prune removes it)`,
  )
  const lines = [...builds, ...pods, ...orphans]
  return lines.length === 0 ? ['nothing to change'] : lines
}
