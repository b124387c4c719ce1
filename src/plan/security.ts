import type { Security } from '../../dsl/security.ts'

const LISTS = ['capAdd', 'devices', 'securityOpt', 'groupAdd', 'mounts'] as const
const SMALLEST = ['memoryMax', 'memoryHigh', 'memorySwapMax'] as const
const REPLACED = [
  'privileged',
  'shmSize',
  'memoryMax',
  'memoryHigh',
  'memorySwapMax',
  'cpus',
  'cgroupns',
  'ipcMode',
] as const

const FACTOR: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** Bytes of a size such as `512m`. */
export const bytes = (size: string): number => Number.parseInt(size, 10) * (FACTOR[size.slice(-1).toLowerCase()] ?? 1)

function unite(all: readonly Security[]): Security {
  return Object.fromEntries(
    LISTS.flatMap((field) => {
      const items = [...new Set(all.flatMap((one) => one[field] ?? []))]
      return items.length === 0 ? [] : [[field, items]]
    }),
  )
}

const pick = <T>(values: readonly (T | undefined)[], better: (a: T, b: T) => boolean): T | undefined =>
  values.reduce<T | undefined>(
    (best, value) => (value !== undefined && (best === undefined || better(value, best)) ? value : best),
    undefined,
  )

/** Layers' wishes together: lists united, the smallest limit and the largest shared memory win. (LAY-83) */
export function mergeSecurity(all: readonly Security[]): Security {
  const merged: Record<string, unknown> = { ...unite(all) }
  const put = (field: keyof Security, value: unknown) => {
    if (value !== undefined) merged[field] = value
  }
  if (all.some((one) => one.privileged === true)) merged['privileged'] = true
  for (const field of SMALLEST)
    put(
      field,
      pick(
        all.map((one) => one[field]),
        (a, b) => bytes(a) < bytes(b),
      ),
    )
  put(
    'cpus',
    pick(
      all.map((one) => one.cpus),
      (a, b) => Number(a) < Number(b),
    ),
  )
  put(
    'shmSize',
    pick(
      all.map((one) => one.shmSize),
      (a, b) => bytes(a) > bytes(b),
    ),
  )
  put('cgroupns', all.findLast((one) => one.cgroupns !== undefined)?.cgroupns)
  put('ipcMode', all.findLast((one) => one.ipcMode !== undefined)?.ipcMode)
  return merged
}

/** What lies on top replaces what it says, and adds to lists. (LAY-84, POD-59) */
export function overlaySecurity(below: Security, above: Security): Security {
  const replaced = Object.fromEntries(
    REPLACED.flatMap((field) => (above[field] === undefined ? [] : [[field, above[field]]])),
  )
  return { ...below, ...unite([below, above]), ...replaced }
}
