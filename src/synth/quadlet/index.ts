import type { Place } from '../../diagnostics/diagnostic.ts'
import type { Printed } from '../../format/index.ts'
import type { PodPlan } from '../../plan/pod/index.ts'
import { runArguments } from './command-line.ts'
import { renderContainer } from './container.ts'
import { containerOf, podOf, type Mounting, type QuadletInput } from './lines.ts'
import { renderPodUnit, renderSidecar } from './pod.ts'
import { tunnelUnit } from '../../model/deploy-key.ts'
import { renderCloudflared, renderCompanion } from './tunnel.ts'

export { renderCloudflared, runArguments, type Mounting, type QuadletInput }

/** A file of a deploy. */
export interface PodFile {
  readonly name: string
  /** What reads it: podman's generator, systemd, or cloudflared. */
  readonly kind: 'quadlet' | 'unit' | 'cloudflared'
  readonly printed: Printed<Place>
}

/**
 * Renders the files of a deploy, the container's first. What cloudflared reads has on a machine what only that knows, and is then made when the
 * tunnel is. (POD-33)
 */
export function renderPodFiles(pod: PodPlan, input: QuadletInput): readonly PodFile[] {
  const { tunnel, sidecars } = pod
  return [
    { name: containerOf(pod), kind: 'quadlet', printed: renderContainer(pod, input) },
    ...(sidecars.length > 0
      ? [{ name: podOf(pod), kind: 'quadlet', printed: renderPodUnit(pod, input) } as const]
      : []),
    ...sidecars.map(
      (sidecar) =>
        ({
          name: `${sidecar.container}.container`,
          kind: 'quadlet',
          printed: renderSidecar(pod, sidecar),
        }) as const,
    ),
    ...(tunnel?.provider === 'cloudflare'
      ? ([
          {
            name: tunnelUnit(pod.container),
            kind: 'unit',
            printed: renderCompanion(pod, tunnel, input.tunnelFile(tunnel.name)),
          },
          { name: `${tunnel.name}.yml`, kind: 'cloudflared', printed: renderCloudflared(pod, tunnel) },
        ] as const)
      : []),
  ]
}
