import type { Security } from '../../../dsl/security.ts'
import type { Place } from '../../diagnostics/diagnostic.ts'
import { quadletEnvironment, quadletPlain, quadletWord, type UnitLine } from '../../format/index.ts'
import type { PodPlan, PublishedPort } from '../../plan/pod/index.ts'
import type { PlannedSecret } from '../../plan/pod/secrets.ts'
import type { PlannedVolume } from '../../plan/pod/volumes.ts'
import { withAuthor } from '../unprintable.ts'

export type Line = UnitLine<Place>

/** What a quadlet depends on besides the plan: the machine. Synth leaves what only a machine knows open. */
export interface QuadletInput {
  /** Full reference of the image. */
  readonly image: string
  /** Tag pin, shown as a comment. */
  readonly version?: string
  /** Path of a volume that is no named one: absolute, or below systemd's `%h`. */
  readonly hostPath: (volume: Extract<PlannedVolume, { readonly host: string }>) => string
  /** How encrypted volumes are mounted before the container starts. (ENC-60, ENC-61) */
  readonly mounting: Mounting
  /** Absolute path of the env file. */
  readonly envFile?: string
  /** Path of what cloudflared reads for a tunnel. */
  readonly tunnelFile: (tunnel: string) => string
}

/** Who mounts encrypted volumes. */
export interface Mounting {
  /** The program: its absolute path, and options that all its commands need. */
  readonly ov: readonly [string, ...string[]]
  /** The passphrase is there after a login, without anybody being asked: the deploy starts at boot, and waits for it. */
  readonly unattended: boolean
}

export const entry = (key: string, value: string, author: Place): Line => ({ kind: 'entry', key, value, author })
export const comment = (text: string, author: Place): Line => ({ kind: 'comment', text, author })

/** A line for each value; with a flag, as an argument of podman. */
export const many = (key: string, values: readonly string[] | undefined, author: Place, flag = ''): Line[] =>
  (values ?? []).map((value) =>
    withAuthor(author, () => entry(key, flag === '' ? quadletPlain(value) : quadletWord(`${flag}=${value}`), author)),
  )

export const containerOf = ({ container }: PodPlan): string => `${container}.container`
export const podOf = ({ container }: Pick<PodPlan, 'container'>): string => `${container}.pod`

/** Mounts that permissions bring along. */
export const mounts = ({ mounts }: Security, author: Place): Line[] =>
  (mounts ?? []).map((mount) =>
    withAuthor(author, () => {
      const tmpfs = /^tmpfs:(.*)$/s.exec(mount)?.[1]
      return tmpfs === undefined
        ? entry('Volume', quadletPlain(mount), author)
        : entry('Tmpfs', quadletPlain(tmpfs), author)
    }),
  )

export const secrets = (lines: readonly PlannedSecret[], author: Place): Line[] =>
  lines.map(({ podman, target, env }) =>
    withAuthor(author, () =>
      entry(
        'Secret',
        quadletPlain(env === undefined ? `${podman},target=${target}` : `${podman},type=env,target=${env}`),
        author,
      ),
    ),
  )

/** What a container may do: rows 12 and 13 of POD-117. A member of a pod shares the pod's memory. (POD-57, POD-110) */
export function permissions(security: Security, author: Place, inPod: boolean): Line[] {
  const args = (flag: string, values: readonly string[] | undefined) => many('PodmanArgs', values, author, flag)
  return [
    ...(security.privileged === true
      ? [entry('PodmanArgs', '--privileged', author)]
      : args('--cap-add', security.capAdd)),
    ...args('--device', security.devices),
    ...args('--security-opt', security.securityOpt),
    ...args('--cgroupns', security.cgroupns === undefined ? [] : [security.cgroupns]),
    ...many('GroupAdd', security.groupAdd, author),
    ...args('--ipc', security.ipcMode === undefined ? [] : [security.ipcMode]),
    ...(security.shmSize !== undefined && security.ipcMode !== 'host' && !inPod
      ? [entry('ShmSize', quadletPlain(security.shmSize), author)]
      : []),
  ]
}

export const environment = (variables: PodPlan['env'], author: Place): Line[] =>
  variables.map(([name, value]) =>
    withAuthor(author, () => entry('Environment', quadletEnvironment(name, value), author)),
  )

/** What it may use, as systemd enforces it: row 18 of POD-117. (POD-61) */
export function limits(security: Security, author: Place): Line[] {
  const limit = (key: string, value: string | undefined) => (value === undefined ? [] : [entry(key, value, author)])
  const upper = (size: string | undefined) => size?.toUpperCase()
  return [
    ...limit('MemoryMax', upper(security.memoryMax)),
    ...limit('MemoryHigh', upper(security.memoryHigh)),
    ...limit('MemorySwapMax', upper(security.memorySwapMax)),
    ...limit('CPUQuota', security.cpus === undefined ? undefined : `${Math.round(Number(security.cpus) * 100)}%`),
  ]
}

/** `127.0.0.1:80:8080`; a free port that is not found yet is left to podman. (POD-64) */
export function publish(port: PublishedPort): string {
  const host = port.host === 'auto' ? '' : port.host
  const protocol = port.protocol === 'udp' ? '/udp' : ''
  return `${port.bind === '' ? '' : `${port.bind}:`}${host}:${port.container}${protocol}`
}

/** The user that bind mounts are mapped to. (POD-45) */
export const userNamespace = ({ uid, gid }: { readonly uid: number; readonly gid: number }): string =>
  `keep-id:uid=${uid},gid=${gid}`

/** Whether a deploy has encrypted volumes. */
export const isEncrypted = ({ volumes }: Pick<PodPlan, 'volumes'>): boolean =>
  volumes.some(({ kind }) => kind === 'encrypted')

/** A deploy whose passphrase nobody gives at boot is started by hand. (ENC-60) */
export const install = (pod: PodPlan, { mounting }: QuadletInput): Line[] =>
  isEncrypted(pod) && !mounting.unattended
    ? [comment("Encrypted volumes require 'ov start' (no keyring auto-unlock)", pod.places.volumes)]
    : atLogin(pod.origin)

export const atLogin = (author: Place): Line[] => [entry('WantedBy', 'default.target', author)]
