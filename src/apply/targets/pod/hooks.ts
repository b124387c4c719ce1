import type { PodPlan } from '../../../plan/pod/index.ts'
import type { Podman } from '../../podman.ts'

/** Runs a script that the image brings, in the container. One that fails is reported and stops nothing. (POD-131) */
export async function runHook(
  name: 'post_enable' | 'pre_remove',
  script: string | undefined,
  { name: deploy, container }: Pick<PodPlan, 'name' | 'container'>,
  podman: Podman,
  say: (line: string) => void,
  /** Variables for the script. Their values travel in podman's environment, never in its arguments. */
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (script === undefined || script === '') return
  const handed = Object.keys(env).flatMap((variable) => ['-e', variable])
  const result = await podman.try(
    ['exec', '-e', `OV_CONTAINER_NAME=${container}`, ...handed, container, 'sh', '-c', script],
    { env },
  )
  if (result.exitCode !== 0)
    say(
      `Warning: ${deploy}: its ${name} hook ended with ${result.exitCode}: ${result.stderr.trim().split('\n').at(-1)}`,
    )
}
