import type { Fields } from '../baked.ts'
import { firstMismatch, shown } from '../matchers.ts'
import { fail, pass, skip, type Outcome, type Target } from '../target.ts'

/** Starts a command that outlives the look, and tells whether it is still there, or how it ended. */
const BEGIN = `sh -c "$1" >/dev/null 2>&1 </dev/null &
pid=$!
for i in 1 2 3 4 5; do
  sleep 0.1
  kill -0 $pid 2>/dev/null || { wait $pid; exit $?; }
done
exit 0`

/** What a command said last, for a message. */
const lastLine = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string => {
  const [line] = [stderr, stdout].flatMap((text) => text.trim().split('\n').slice(-1)).filter((text) => text !== '')
  return line === undefined ? '' : `: ${shown(line)}`
}

/** A command in a shell. */
export async function probeCommand(check: Fields<'command'>, target: Target): Promise<Outcome> {
  const { command, exitStatus = 0, stdout, stderr, inContainer = true, background = false } = check
  if (!inContainer) return skip('runs on this machine, which needs a running deploy')
  const ran = await target.run(background ? ['sh', '-c', BEGIN, 'ov', command] : ['sh', '-c', command], {
    as: 'user',
    leaves: background,
  })
  if (ran.exitCode !== exitStatus)
    return fail(
      background
        ? `did not start: exit status ${ran.exitCode}`
        : `exit status is ${ran.exitCode}, not ${exitStatus}${lastLine(ran)}`,
    )
  const out = firstMismatch(stdout, ran.stdout)
  if (out !== undefined) return fail(`stdout: ${out}`)
  const err = firstMismatch(stderr, ran.stderr)
  if (err !== undefined) return fail(`stderr: ${err}`)
  return pass()
}
