import { Docker } from '../apply/docker.ts'
import type { Executor } from '../apply/executor.ts'
import { Podman } from '../apply/podman.ts'
import { userPaths } from '../state/paths.ts'
import { setting } from '../state/settings.ts'

const ENGINES = ['podman', 'docker', 'auto'] as const

/** The engine to build with: the option, else the setting, else podman where it is installed. A text says what is wrong. (IMG-185) */
export async function buildEngine(option: string | undefined, executor: Executor): Promise<Podman | string> {
  const wanted = option ?? setting('engine.build', userPaths().configFile)
  switch (ENGINES.find((name) => name === wanted)) {
    case 'podman':
      return new Podman(executor)
    case 'docker':
      return new Docker(executor)
    case 'auto':
      return installed(executor)
    case undefined:
      return `--engine is one of ${ENGINES.join(', ')}, not ${JSON.stringify(wanted)}`
  }
}

/** podman where it is installed, or neither is. */
async function installed(executor: Executor): Promise<Podman> {
  const [podman, docker] = [new Podman(executor), new Docker(executor)]
  return !(await isInstalled(podman)) && (await isInstalled(docker)) ? docker : podman
}

export const isInstalled = async (engine: Podman): Promise<boolean> => (await engine.version()) !== undefined

/** An engine by its name; any other name is the one that is installed. */
export const engineNamed = async (name: string, executor: Executor): Promise<Podman> =>
  name === 'docker' ? new Docker(executor) : name === 'podman' ? new Podman(executor) : installed(executor)
