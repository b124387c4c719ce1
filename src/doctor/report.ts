/** How something was found; the numbers are those of the JSON. (DOC-09) */
export const STATUS = { ok: 0, missing: 1, warning: 2, info: 3, absent: 4 } as const
export type Status = keyof typeof STATUS

/** One look at this machine. */
export interface Check {
  readonly name: string
  readonly status: Status
  /** What was found, where that is worth a word: a version, else a path. */
  readonly version?: string
  readonly detail?: string
  /** What to do about it. */
  readonly hint?: string
}

/** Looks that belong together. */
export interface Group {
  readonly name: string
  /** Without it ov can't do its main job. */
  readonly required: boolean
  /** One of them is enough. */
  readonly or?: boolean
  readonly checks: readonly Check[]
}

/** A device of this machine, or one that it has not. */
export interface Device {
  readonly pattern: string
  readonly path?: string
  readonly description: string
  readonly present: boolean
}

export interface Hardware {
  readonly gpu: boolean
  readonly amdGpu: boolean
  readonly amdGfx?: string
  readonly devices: readonly Device[]
  /** Arguments that containers get for them. */
  readonly flags: readonly string[]
}

/** The machine as doctor saw it. */
export interface Report {
  readonly system: { readonly id: string; readonly name: string; readonly manager: string }
  readonly groups: readonly Group[]
  readonly hardware: Hardware
}

const isGood = ({ status }: Check) => status === 'ok'
/** Warnings are there, in a way. */
const isThere = ({ status }: Check) => status === 'ok' || status === 'warning' || status === 'info'

/** `[OK]`, `[!!]` where something is missing that is required or that others of its group wait for, `[--]` where there is nothing. (DOC-02) */
export function groupMark({ required, or, checks }: Group): 'OK' | '!!' | '--' {
  const good = checks.filter(({ status }) => status !== 'info')
  if (or === true ? good.some(isGood) : good.every(isGood)) return 'OK'
  return required || good.some(isThere) ? '!!' : '--'
}

/** Whether ov can do its main job here. (DOC-02) */
export const isHealthy = ({ groups }: Report): boolean =>
  groups.every((group) => !group.required || groupMark(group) === 'OK')

const SIGNS: Readonly<Record<Status, string>> = { ok: '+', missing: '-', warning: '!', info: ' ', absent: ' ' }

function line({ name, status, version, detail, hint }: Check): string {
  const more = status === 'ok' || status === 'info' ? (version ?? detail) : detail
  const advice = hint !== undefined && (status === 'missing' || status === 'warning') ? ` (${hint})` : ''
  return `  [${SIGNS[status]}] ${name}${more === undefined ? '' : ` -- ${more}`}${advice}`
}

const counts = ({ groups, hardware }: Report) => {
  const all = groups.flatMap(({ checks }) => checks)
  const of = (status: Status) => all.filter((one) => one.status === status).length
  return {
    installed: of('ok'),
    missing: of('missing'),
    warnings: of('warning'),
    devices: hardware.devices.filter(({ present }) => present).length,
  }
}

/** For people. (DOC-01) */
export function reportText(report: Report): string {
  const { system, groups, hardware } = report
  const { installed, missing, warnings, devices } = counts(report)
  const gfx = hardware.amdGfx === undefined ? '' : ` (${hardware.amdGfx})`
  return [
    'ov doctor',
    '=========',
    `System: ${system.name} (${system.manager})`,
    '',
    ...groups.flatMap((group) => [`[${groupMark(group)}] ${group.name}`, ...group.checks.map(line), '']),
    'Hardware',
    line({ name: 'NVIDIA GPU', status: hardware.gpu ? 'ok' : 'absent' }),
    line({ name: `AMD GPU${gfx}`, status: hardware.amdGpu ? 'ok' : 'absent' }),
    ...hardware.devices.map(({ pattern, path, description, present }) =>
      line({ name: path ?? pattern, status: present ? 'ok' : 'absent', version: description, detail: description }),
    ),
    `  Containers will receive: ${hardware.flags.length === 0 ? 'nothing' : hardware.flags.join(' ')}`,
    '',
    `Summary: ${installed} found, ${missing} missing, ${warnings} warnings, ${devices} devices detected`,
  ].join('\n')
}

/** For programs. (DOC-09) */
export const reportJson = (report: Report): object => ({
  schemaVersion: 1,
  system: { ID: report.system.id, Name: report.system.name, Manager: report.system.manager },
  groups: report.groups.map(({ name, required, or, checks }) => ({
    name,
    required,
    ...(or === true && { or_logic: true }),
    checks: checks.map(({ name, status, version, detail, hint }) => ({
      name,
      status: STATUS[status],
      ...(version !== undefined && { version }),
      ...(detail !== undefined && { detail }),
      ...(hint !== undefined && { install_hint: hint }),
    })),
  })),
  hardware: {
    gpu: report.hardware.gpu,
    amd_gpu: report.hardware.amdGpu,
    ...(report.hardware.amdGfx !== undefined && { amd_gfx_version: report.hardware.amdGfx }),
    gpu_flags: report.hardware.gpu ? ['--device', 'nvidia.com/gpu=all'] : [],
    devices: report.hardware.devices.map(({ pattern, path, description, present }) => ({
      pattern,
      ...(path !== undefined && { path }),
      description,
      present,
    })),
    container_flags: report.hardware.flags,
  },
  summary: counts(report),
})
