import type { Fields } from '../baked.ts'
import { fail, MissingTool, nothingRuns, pass, script, type Outcome, type Target } from '../target.ts'

/** What each manager that is there says: its name, what it knows, and the state of the service. */
const LOOK = `if command -v supervisorctl >/dev/null; then
  printf '\\036supervisord\\037'; supervisorctl avail 2>&1; printf '\\037'; supervisorctl status "$1" 2>&1
fi
if command -v systemctl >/dev/null; then
  printf '\\036systemd\\037'; systemctl is-enabled -- "$1" 2>/dev/null; printf '\\037'
  [ -d /run/systemd/system ] && systemctl is-active -- "$1" 2>/dev/null
fi
exit 0`

interface Seen {
  readonly manager: string
  /** Undefined when the manager itself does not run. */
  readonly state: string | undefined
  /** Undefined when nobody can tell. */
  readonly start: string | undefined
  readonly known: boolean
}

/** `web   in use    auto      999:999` */
const AVAILABLE = /^(\S+)\s+(?:in use|avail)\s+(auto|manual)\s+\d+:\d+\s*$/gm
const STATE = /\s(STARTING|RUNNING|BACKOFF|STOPPING|STOPPED|EXITED|FATAL|UNKNOWN)\b/

/** What the managers say of a service, those that know it first. */
export function readManagers(stdout: string, service: string): Seen[] {
  const all = stdout
    .split('\x1e')
    .slice(1)
    .map((record): Seen => {
      const [manager = '', first = '', second = ''] = record.split('\x1f')
      if (manager === 'systemd') {
        const [start, state] = [first.trim(), second.trim()]
        const known = start !== '' && start !== 'not-found'
        return { manager, state: state === '' ? undefined : state, start, known }
      }
      const programs = new Map([...first.matchAll(AVAILABLE)].map(([, name, start]) => [name, start]))
      const down = programs.size === 0 && !second.includes('no such process')
      if (down) return { manager, state: undefined, start: undefined, known: false }
      const start = programs.get(service)
      return { manager, state: STATE.exec(second)?.[1] ?? 'absent', start: start ?? '', known: start !== undefined }
    })
  return all.sort(
    (a, b) => Number(b.known) - Number(a.known) || Number(b.state !== undefined) - Number(a.state !== undefined),
  )
}

const RUNS = ['RUNNING', 'active', 'reloading']
const STARTS = ['auto', 'enabled', 'enabled-runtime', 'alias', 'static', 'generated', 'indirect']

/** A service, asked of supervisord first and then of systemd. */
export async function probeService(check: Fields<'service'>, target: Target): Promise<Outcome> {
  const { service, running, enabled } = check
  // Neither said: it must run. (EVAL-34)
  const wanted = running ?? (enabled === undefined ? true : undefined)
  const { stdout } = await script(target, LOOK, service)
  const [seen] = readManagers(stdout, service)
  if (!seen) throw new MissingTool('supervisorctl or systemctl')
  const { manager, state, start, known } = seen
  const unclear = (asked: boolean) => nothingRuns(target, asked) ?? fail(`${manager} does not run`)
  if (enabled !== undefined) {
    if (start === undefined) return unclear(enabled)
    if (STARTS.includes(start) !== enabled)
      return fail(known ? `is ${enabled ? 'not enabled' : 'enabled'} (${start})` : `${manager} knows no such service`)
  }
  if (wanted === undefined) return pass()
  if (state === undefined) return unclear(wanted)
  if (RUNS.includes(state) === wanted) return pass()
  return fail(known ? `is ${state.toLowerCase()}` : `${manager} knows no such service`)
}
