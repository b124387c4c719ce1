import { DiagnosticError, type Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { DataLabel, ImageMetadata } from '../../../plan/metadata.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import type { PlannedVolume } from '../../../plan/pod/volumes.ts'
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

/** The image of the deploy, and the account that its volumes belong to. */
interface OwnImage {
  readonly image: string
  readonly uid: number
  readonly gid: number
}

export interface SeedTools {
  readonly podman: Podman
  readonly paths: Paths
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Copies into one volume: mode, "named" or "bind", the account that what comes from another image is given to (else empty), then a pair of folders
 * for each copy. Prints the numbers of those it left out because something was there. What is empty is found out before the first copy, which
 * would fill the folders of the later ones. (POD-51) A mark in the volume says that it is being filled, until that is written down: what a killed
 * run has put there is its own, and not the operator's. Another image's files come there first: its ids mean others in this container, and what
 * the operator has keeps its owners. From there on they are linked, so that they take no room twice.
 */
const SCRIPT = `set -e
mark=/seed/.ov-seeding mode=$1 kind=$2 owner=$3; shift 3
rights=$(stat -c %a /seed)
if [ "$mode" = done ]; then rm -rf "$mark"; exit; fi
left=' ' i=0
if [ -e "$mark" ]; then mode=force
elif [ "$mode" = initial ]; then
  for word; do
    i=$((i + 1))
    [ $((i % 2)) = 0 ] || continue
    probe=$word; [ "$kind" = bind ] || probe=/seed
    if [ -n "$(ls -A "$probe" 2>/dev/null)" ]; then left="$left$((i / 2 - 1)) "; fi
  done
fi
i=0
while [ $# != 0 ]; do
  case $left in
  *" $i "*) echo "$i" ;;
  *)
    if [ "$mode" = merge ]; then copy='cp -an' link='cp -anl'; else copy='cp -a' link='cp -alf'; fi
    mkdir -p "$mark" "$2"
    if [ -n "$owner" ]; then
      rm -rf "$mark/data"; mkdir "$mark/data"
      cp -a "$1". "$mark/data"/
      chown -hR "$owner" "$mark/data"
      $link "$mark/data"/. "$2"/ 2>/dev/null || $copy "$mark/data"/. "$2"/
    else
      $copy "$1". "$2"/
    fi
  esac
  i=$((i + 1)); shift 2
done
# a folder of the host's keeps the rights that it has there
[ "$kind" != bind ] || chmod "$rights" /seed`

/**
 * Fills the volumes of a deploy with the data of an image; comes back with the names of those that were filled. The deploy's own image does the
 * copying, so that nothing has to be fetched for it. (POD-49 to POD-54)
 */
export async function seedVolumes(
  plan: PodPlan,
  own: OwnImage,
  source: DataSource,
  mode: SeedMode,
  tools: SeedTools,
): Promise<string[]> {
  const { podman, say, signal } = tools
  const seeded: string[] = []
  const byVolume = new Map<string, DataLabel[]>()
  for (const data of source.metadata.data) byVolume.set(data.volume, [...(byVolume.get(data.volume) ?? []), data])
  for (const [name, all] of byVolume) {
    const volume = plan.volumes.find((each) => each.name === name)
    if (volume === undefined) {
      for (const { layer } of all)
        say(`Warning: ${plan.name}: data of layer ${layer} is for the volume "${name}", which the deploy has not`)
      continue
    }
    const result = await podman.try(
      [
        ...mounted(plan, volume, own, tools),
        ...(source.image === own.image ? [] : ['--mount', `type=image,src=${source.image},dst=/staging,rw=false`]),
        ...['--entrypoint', 'sh', own.image, '-c', SCRIPT, 'sh', mode, volume.kind === 'named' ? 'named' : 'bind'],
        source.image === own.image ? '' : `${own.uid}:${own.gid}`,
        ...all.flatMap(({ staging, dest }) => [
          `${source.image === own.image ? '' : '/staging'}${staging}`,
          dest === undefined ? '/seed' : `/seed/${dest}`,
        ]),
      ],
      { signal },
    )
    if (result.exitCode !== 0) throw new DiagnosticError([failed(plan, all, result.stderr)])
    const left = new Set(result.stdout.split('\n').filter((line) => line !== ''))
    for (const [index, data] of all.entries()) {
      if (left.has(String(index))) say(`${plan.name}: ${place(data)} is not empty, its data is left alone`)
      else say(`${plan.name}: ${place(data)} has the data of layer ${data.layer}`)
    }
    if (left.size < all.length) seeded.push(name)
  }
  return seeded
}

/** Takes the marks off volumes, once it is written down that they are filled. */
export async function endSeeding(
  plan: PodPlan,
  own: OwnImage,
  names: readonly string[],
  tools: SeedTools,
): Promise<void> {
  for (const volume of plan.volumes)
    if (names.includes(volume.name))
      await tools.podman.run(
        [
          ...mounted(plan, volume, own, tools),
          '--entrypoint',
          'sh',
          own.image,
          '-c',
          SCRIPT,
          'sh',
          'done',
          'named',
          '',
        ],
        { signal: tools.signal },
      )
}

/** How podman is told to work on a volume. */
function mounted(plan: PodPlan, volume: PlannedVolume, { uid, gid }: OwnImage, { paths }: SeedTools): string[] {
  const named = volume.kind === 'named'
  return [
    ...['run', '--rm', '--pull', 'never', '--network', 'none', '--user', '0:0', '--workdir', '/'],
    ...(named ? [] : [`--userns=keep-id:uid=${uid},gid=${gid}`]),
    ...['-v', `${named ? volume.volume : hostPath(plan, volume, paths)}:/seed`],
  ]
}

const place = ({ volume, dest }: DataLabel) => `volume ${volume}${dest === undefined ? '' : ` (${dest})`}`

const failed = (plan: PodPlan, all: readonly DataLabel[], stderr: string): Diagnostic => ({
  code: 'OV5007',
  severity: 'error',
  message: `the data of layer ${[...new Set(all.map(({ layer }) => layer))].join(', ')} could not be copied into volume ${all[0]?.volume ?? ''}`,
  entity: `pod "${plan.name}"`,
  field: `volumes.${all[0]?.volume ?? ''}`,
  place: plan.places.volumes,
  output: stderr.trim().split('\n'),
  remedy: 'free some space, or make the folder writable; the command can be repeated',
})
