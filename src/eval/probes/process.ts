import type { Fields } from '../baked.ts'
import { fail, nothingRuns, pass, script, type Outcome, type Target } from '../target.ts'

/** Names of programs are cut to this by the kernel. */
const COMM = 15

/** One record for each process but those of this very look: state, name, first argument. */
const LOOK = `for d in /proc/[0-9]*; do
  [ "$d" = "/proc/$$" ] && continue
  IFS= read -r comm <"$d/comm" && IFS= read -r stat <"$d/stat" || continue
  stat=\${stat##*) }
  printf '\\036%s\\037%s\\037%s\\037' "\${d#/proc/}" "\${stat%% *}" "$comm"
  cat "$d/cmdline"
done 2>/dev/null`

/** Names by which a process can be meant: the kernel's, whole where the command line tells the rest, and that of the program. */
export function names(comm: string, commandLine: string): string[] {
  const [program = '', first = ''] = commandLine.split('\0').map((word) => word.slice(word.lastIndexOf('/') + 1))
  const whole = comm.length < COMM ? undefined : [program, first].find((word) => word.startsWith(comm))
  return [whole ?? comm, program].filter((name) => name !== '')
}

/** A process, by the exact name of its program. */
export async function probeProcess(check: Fields<'process'>, target: Target): Promise<Outcome> {
  const { process: name, running = true } = check
  const idle = nothingRuns(target, running)
  if (idle) return idle
  const { exitCode, stdout, stderr } = await script(target, LOOK)
  if (exitCode !== 0) return fail(`/proc can't be read: ${stderr.trim()}`)
  const found = stdout
    .split('\x1e')
    .slice(1)
    .some((record) => {
      const [pid, state, comm = '', line = ''] = record.split('\x1f')
      // What keeps the container up is ov's, and what has ended does not run.
      if ((pid === '1' && target.running.nothing !== undefined) || state === 'Z' || state === 'X') return false
      return names(comm, line).includes(name)
    })
  if (found === running) return pass()
  if (found) return fail('runs')
  return fail(`does not run${target.running.nothing === undefined ? '' : ` (${target.running.nothing})`}`)
}
