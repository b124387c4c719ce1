/** A size such as `'512m'` or `'6g'`: digits with an optional k, m, g or t. */
export type Size = string

/**
 * What a container may do and use. Layers' values are merged over the image (lists united, the smallest cap wins), then the
 * image's and the deploy's own lie on top. Nothing of it is in the Containerfile; it is a label and run arguments. (LAY-83)
 */
export interface Security {
  /** All capabilities and devices of the host. */
  readonly privileged?: boolean
  /** Linux capabilities to add, `'SYS_PTRACE'`. (capabilities(7)) */
  readonly capAdd?: readonly string[]
  /** Device nodes to hand in: `'/dev/fuse'`, `'/dev/sda:/dev/xvda:rwm'`. */
  readonly devices?: readonly string[]
  /** `--security-opt` values: `'label=disable'`. */
  readonly securityOpt?: readonly string[]
  /** Supplementary groups; `'keep-groups'` keeps the operator's. */
  readonly groupAdd?: readonly string[]
  /** Extra mounts: `'host:container[:options]'` or `'tmpfs:/path[:options]'`. (LAY-123) */
  readonly mounts?: readonly string[]
  /** Size of /dev/shm. */
  readonly shmSize?: Size
  /** Hard memory limit. */
  readonly memoryMax?: Size
  /** Soft memory limit: above it the container is slowed down. */
  readonly memoryHigh?: Size
  /** Swap limit; `'0'` turns swap off. */
  readonly memorySwapMax?: Size
  /** CPU quota in cores: `'2.5'`. */
  readonly cpus?: string | number
  /** Cgroup namespace: `'host'` or `'private'`. */
  readonly cgroupns?: 'host' | 'private'
  /** IPC namespace: `'host'`, `'private'`, `'shareable'`, … */
  readonly ipcMode?: string
}
