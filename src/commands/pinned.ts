import { fetchPinned, pin, unpinned } from '../apply/pin.ts'
import { withBases } from '../apply/images.ts'
import { usedIn } from '../plan/outside.ts'
import { LOCK_FILE, LockFile } from '../state/lock-file.ts'
import { architecture } from './architecture.ts'
import { count } from './count.ts'
import type { Machine } from './machine.ts'
import type { OpenProject } from './open.ts'
import { compileProject, type CompiledProject } from './project.ts'

export const pinTools = ({ executor, podman, say, signal }: Machine) => ({
  executor,
  podman,
  say,
  signal,
  architecture: architecture(),
})

/**
 * The project with everything pinned that these images take from outside. What is new to `ov.lock` is written there, and decides with the rest of
 * it: an account found in a base is the image's.
 */
export async function pinNew(
  { location, bundle, entities, cache }: OpenProject,
  compiled: CompiledProject,
  images: readonly string[],
  machine: Machine,
): Promise<CompiledProject> {
  // It may have been written since the project was compiled.
  const lock = LockFile.read(location.root)
  const names = new Set(withBases(images, compiled.images).map(({ name }) => name))
  const outside = usedIn(names, compiled.outside)
  const missing = unpinned(outside, lock.pins, architecture())
  const number = missing.images.length + missing.downloads.length
  if (number === 0 && lock.text === compiled.lock.text) return compiled
  if (number > 0) {
    lock.with(await pin(missing, lock.pins, pinTools(machine))).write()
    machine.say(`${LOCK_FILE}: ${count(number, 'pin')} written; commit it`)
  }
  return compileProject(location, bundle, entities, cache)
}

/** Has the pinned images at hand that these images are built on. */
export const fetchFor = (
  images: readonly string[],
  { outside, lock }: CompiledProject,
  machine: Machine,
): Promise<void> => fetchPinned(usedIn(new Set(images), outside).images, lock.pins, pinTools(machine))
