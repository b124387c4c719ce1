import type { DesiredPod } from './desire.ts'
import type { Credentials } from './secrets.ts'
import type { DeployStore } from '../../../state/deploys.ts'
import type { Paths } from '../../../state/paths.ts'
import type { Clock, Executor } from '../../executor.ts'
import type { Podman } from '../../podman.ts'

/** What the pod target works with. */
export interface PodTools {
  readonly executor: Executor
  readonly podman: Podman
  readonly clock: Clock
  readonly paths: Paths
  readonly store: DeployStore
  /** Writes down in `deploy.yml` what deploys are. */
  readonly persist: (...pods: readonly DesiredPod[]) => Promise<void>
  /** Takes back in `deploy.yml` what a deploy offers to others, and its entry when its data goes, too. */
  readonly forget: (key: string, purge: boolean) => Promise<void>
  readonly credentials: Credentials
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The unit that the quadlet generator makes of a container. */
export const unitOf = (container: string): string => `${container}.service`
