import type { DesiredPod } from './desire.ts'
import type { Credentials } from '../../../credentials/chain.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import { encryptedOf } from './paths.ts'
import type { Mounting } from '../../../synth/index.ts'
import type { EncryptedVolume, Vault, VaultTools } from '../../volumes/index.ts'
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
  /** How units mount encrypted volumes here. */
  readonly mounting: Mounting
  /** The passphrase of the encrypted volumes of an image. */
  readonly passphrases: VaultTools['passphrases']
  /** Encrypted volumes of the image's other deploys, which share its passphrase. */
  readonly siblings: (key: string) => readonly EncryptedVolume[]
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The encrypted volumes of a deploy as it is planned. */
export const vaultOf = (plan: PodPlan, { paths, siblings }: Pick<PodTools, 'paths' | 'siblings'>): Vault => ({
  key: plan.name,
  image: plan.base,
  volumes: plan.volumes.flatMap((volume) =>
    volume.kind === 'encrypted' ? [encryptedOf(plan.name, volume, paths)] : [],
  ),
  siblings: siblings(plan.name),
})

/** The unit that the quadlet generator makes of a container. */
export const unitOf = (container: string): string => `${container}.service`
