import { DiagnosticError, type Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { DataLabel, ImageMetadata } from '../../../plan/metadata.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import type { Paths } from '../../../state/paths.ts'
import type { Podman } from '../../podman.ts'
import { hostPath } from './paths.ts'

/** `initial` fills what is empty, `merge` adds files and overwrites none, `force` overwrites. (POD-50) */
export type SeedMode = 'initial' | 'merge' | 'force'

/** Where data comes from. */
export interface DataSource {
  /** Full reference of the image that holds it. */
  readonly image: string
  readonly metadata: Pick<ImageMetadata, 'data'>
}

export interface SeedTools {
  readonly podman: Podman
  readonly paths: Paths
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What the folder of a volume has to be like; then its data is copied. Says by its exit code whether something was in it already. */
const SCRIPT = `set -e
from=$1 to=$2 mode=$3 probe=$4
if [ "$mode" = initial ] && [ -n "$(ls -A "$probe" 2>/dev/null)" ]; then exit 77; fi
mkdir -p "$to"
case $mode in merge) cp -an "$from". "$to"/ ;; *) cp -a "$from". "$to"/ ;; esac`
const NOT_EMPTY = 77

/**
 * Fills the volumes of a deploy with the data of an image; comes back with the names of those that were filled. The deploy's own image does the
 * copying, so that nothing has to be fetched for it. (POD-49 to POD-54)
 */
export async function seedVolumes(
  plan: PodPlan,
  own: { readonly image: string; readonly uid: number; readonly gid: number },
  source: DataSource,
  mode: SeedMode,
  tools: SeedTools,
): Promise<string[]> {
  const { podman, say, signal } = tools
  const seeded = new Set<string>()
  for (const data of source.metadata.data) {
    const volume = plan.volumes.find(({ name }) => name === data.volume)
    if (volume === undefined) {
      say(
        `Warning: ${plan.name}: data of layer ${data.layer} is for the volume "${data.volume}", which the deploy has not`,
      )
      continue
    }
    const named = volume.kind === 'named'
    const mount = named ? volume.volume : hostPath(plan, volume, tools.paths)
    const to = data.dest === undefined ? '/seed' : `/seed/${data.dest}`
    const result = await podman.try(
      [
        ...['run', '--rm', '--pull', 'never', '--network', 'none', '--user', '0:0', '--workdir', '/'],
        ...(named ? [] : [`--userns=keep-id:uid=${own.uid},gid=${own.gid}`]),
        ...['-v', `${mount}:/seed`],
        ...(source.image === own.image ? [] : ['--mount', `type=image,src=${source.image},dst=/staging,rw=false`]),
        ...['--entrypoint', 'sh', own.image, '-c', SCRIPT, 'sh'],
        `${source.image === own.image ? '' : '/staging'}${data.staging}`,
        ...[to, mode, named ? '/seed' : to],
      ],
      { signal },
    )
    if (result.exitCode === NOT_EMPTY) say(`${plan.name}: ${place(data)} is not empty, its data is left alone`)
    else if (result.exitCode !== 0) throw new DiagnosticError([failed(plan, data, result.stderr)])
    else {
      seeded.add(data.volume)
      say(`${plan.name}: ${place(data)} has the data of layer ${data.layer}`)
    }
  }
  return [...seeded]
}

const place = ({ volume, dest }: DataLabel) => `volume ${volume}${dest === undefined ? '' : ` (${dest})`}`

const failed = (plan: PodPlan, data: DataLabel, stderr: string): Diagnostic => ({
  code: 'OV5007',
  severity: 'error',
  message: `the data of layer ${data.layer} could not be copied into ${place(data)}`,
  entity: `pod "${plan.name}"`,
  field: `volumes.${data.volume}`,
  place: plan.places.volumes,
  output: stderr.trim().split('\n'),
  remedy: 'free some space, or make the folder writable; the command can be repeated',
})
