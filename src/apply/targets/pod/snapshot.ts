import type { RunningContainer } from '../../podman.ts'
import { unitStates, type UnitState } from '../../systemd.ts'
import { unitOf, type PodTools } from './tools.ts'

/** What a machine has at a moment: one question for each kind of thing, when it is first needed, however many deploys are compared with it. */
export interface Snapshot {
  unit(container: string): Promise<UnitState>
  containers(): Promise<readonly RunningContainer[]>
  /** Id of an image in local storage. */
  imageId(reference: string): Promise<string | undefined>
  hasSecret(name: string): Promise<boolean>
}

/** Prepares to look at a machine, at the units of these containers among others things. */
export function snapshot(
  containers: readonly string[],
  { executor, podman }: Pick<PodTools, 'executor' | 'podman'>,
): Snapshot {
  const units = once(() => unitStates(containers.map(unitOf), executor))
  const images = once(async () => {
    const all = await podman.images()
    return new Map(all.flatMap(({ id, names }) => names.map((name) => [name, id] as const)))
  })
  const secrets = once(() => podman.secrets())
  return {
    unit: async (container) => (await units()).get(unitOf(container))!,
    containers: once(() => podman.containers()),
    imageId: async (reference) => (await images()).get(reference) ?? podman.imageId(reference),
    hasSecret: async (name) => (await secrets()).has(name),
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => (asked ??= ask())
}
