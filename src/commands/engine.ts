import { Docker } from '../apply/docker.ts'
import type { Executor } from '../apply/executor.ts'
import { Podman } from '../apply/podman.ts'

const ENGINES = ['podman', 'docker', 'auto'] as const

/** The engine to build with: the option, else `OV_BUILD_ENGINE`, else podman where it is installed. A text says what is wrong. (IMG-185) */
export async function buildEngine(option: string | undefined, executor: Executor): Promise<Podman | string> {
  const wanted = option ?? (process.env['OV_BUILD_ENGINE'] || 'auto')
  switch (ENGINES.find((name) => name === wanted)) {
    case 'podman':
      return new Podman(executor)
    case 'docker':
      return new Docker(executor)
    case 'auto': {
      const has = async (program: string) => (await executor.run([program, '--version'])).exitCode !== 127
      return !(await has('podman')) && (await has('docker')) ? new Docker(executor) : new Podman(executor)
    }
    case undefined:
      return `${option === undefined ? 'OV_BUILD_ENGINE' : '--engine'} is one of ${ENGINES.join(', ')}, not ${JSON.stringify(wanted)}`
  }
}
