import type { Security } from '../../../dsl/security.ts'
import type { PodPlan } from '../../plan/pod/index.ts'
import type { PlannedSecret } from '../../plan/pod/secrets.ts'
import { bytes } from '../../plan/security.ts'
import { publish, userNamespace, type QuadletInput } from './lines.ts'

/** What the arguments of a container depend on besides the plan. */
export interface CommandLineInput extends Pick<QuadletInput, 'hostPath' | 'envFile'> {
  /** docker maps no user of a container to the operator. */
  readonly engine: 'podman' | 'docker'
  /** Secrets that the engine has. */
  readonly secrets: readonly PlannedSecret[]
  /** Variables whose values travel in the engine's environment, not in its arguments. */
  readonly handed: readonly string[]
}

/**
 * The container of a quadlet as arguments of `podman run` or `docker run`, in the order of POD-135: from the working directory to the variables.
 * What stands before them (whether it stays, its name) and after them (the image and its command) is the caller's.
 */
export function runArguments(pod: PodPlan, { hostPath, envFile, engine, secrets, handed }: CommandLineInput): string[] {
  const { security, volumes } = pod
  const mounts = (security.mounts ?? []).map((mount) => /^tmpfs:(.*)$/s.exec(mount)?.[1] ?? { mount })
  return [
    ...['-w', pod.workingDirectory, '--network', pod.network],
    ...permissions(security),
    ...limits(security),
    ...pod.ports.flatMap((port) => ['-p', publish(port)]),
    ...volumes.flatMap((volume) => (volume.kind === 'named' ? ['-v', `${volume.volume}:${volume.path}`] : [])),
    ...volumes.flatMap((volume) => (volume.kind === 'named' ? [] : ['-v', `${hostPath(volume)}:${volume.path}`])),
    ...mounts.flatMap((one) => (typeof one === 'string' ? ['--tmpfs', one] : ['-v', one.mount])),
    ...secrets.flatMap(({ podman, target, env }) => [
      '--secret',
      env === undefined ? `${podman},target=${target}` : `${podman},type=env,target=${env}`,
    ]),
    ...(pod.keepId && engine === 'podman' ? [`--userns=${userNamespace(pod.keepId)}`] : []),
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    ...pod.env.flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...handed.flatMap((name) => ['-e', name]),
  ]
}

function permissions(security: Security): string[] {
  const each = (flag: string, values: readonly (string | undefined)[] | undefined) =>
    (values ?? []).flatMap((value) => (value === undefined ? [] : [`${flag}=${value}`]))
  return [
    ...(security.privileged === true ? ['--privileged'] : each('--cap-add', security.capAdd)),
    ...each('--device', security.devices),
    ...each('--security-opt', security.securityOpt),
    ...each('--cgroupns', [security.cgroupns]),
    ...each('--group-add', security.groupAdd),
    ...each('--ipc', [security.ipcMode]),
    ...each('--shm-size', [security.ipcMode === 'host' ? undefined : security.shmSize]),
  ]
}

/** What it may use. An engine's limit of swap is one of memory and swap together. (POD-62) */
function limits({ memoryMax, memoryHigh, memorySwapMax, cpus }: Security): string[] {
  return [
    ...(memoryMax === undefined ? [] : [`--memory=${bytes(memoryMax)}b`]),
    ...(memoryHigh === undefined ? [] : [`--memory-reservation=${bytes(memoryHigh)}b`]),
    ...(memorySwapMax === undefined || memoryMax === undefined
      ? []
      : [`--memory-swap=${bytes(memoryMax) + bytes(memorySwapMax)}b`]),
    ...(cpus === undefined ? [] : [`--cpus=${cpus}`]),
  ]
}
