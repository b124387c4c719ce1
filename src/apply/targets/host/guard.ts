import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { quoteSingle } from '../../../format/index.ts'
import { ACCESS_PATHS, ACCESS_UNITS } from '../../../plan/host/access.ts'
import type { Venue } from './work.ts'

/** Where a machine keeps what its access was like. */
const FOLDER = '/var/lib/overthink/guard'
const TIMER = 'ov-guard'

/**
 * Keeps the operator from locking themselves out: before access to a machine is touched, a timer is armed there which puts it back. It is stopped only
 * over a connection that was made afterwards. Nothing of ov is needed for it on that machine, nor a connection to it.
 */
export class AccessGuard {
  readonly #venue: Pick<Venue, 'root' | 'machine'>
  readonly #seconds: number
  readonly #say: (line: string) => void
  #beat: NodeJS.Timeout | undefined

  constructor(venue: Pick<Venue, 'root' | 'machine'>, seconds: number, say: (line: string) => void) {
    this.#venue = venue
    this.#seconds = seconds
    this.#say = say
  }

  get #armed(): boolean {
    return this.#beat !== undefined
  }

  /** Keeps what is there, and arms the timer; while steps run it is set anew again and again. */
  async arm(): Promise<void> {
    if (this.#armed) return
    const { machine } = this.#venue
    if (!machine.systemd) {
      this.#say('Warning: without systemd nothing would put access back, should this lock you out')
      return
    }
    await this.#run(keepScript(machine.user.home, this.#seconds))
    this.#say(`access is touched: unless ov comes in again, the machine puts it back after ${this.#seconds} seconds`)
    // A connection that is gone can't do this any more, and that is the point.
    this.#beat = setInterval(() => void this.#renew().catch(() => {}), (this.#seconds * 1000) / 3)
    this.#beat.unref()
  }

  /** Does work that may arm the timer, and then sees that the machine still lets somebody in. */
  async during(
    work: () => Promise<void>,
    reconnect: () => Promise<Pick<Venue, 'root'> & AsyncDisposable>,
  ): Promise<void> {
    try {
      await work()
    } catch (error) {
      // What was done until then stays, and is worth the same care.
      await this.#confirm(reconnect).catch((second: unknown) => {
        throw error instanceof DiagnosticError && second instanceof DiagnosticError
          ? new DiagnosticError([...error.diagnostics, ...second.diagnostics])
          : second
      })
      throw error
    }
    await this.#confirm(reconnect)
  }

  /** Over a new connection: all is well, or what happened. */
  async #confirm(reconnect: () => Promise<Pick<Venue, 'root'> & AsyncDisposable>): Promise<void> {
    if (!this.#armed) return
    clearInterval(this.#beat)
    // From here on only a new connection counts.
    await this.#renew().catch(() => {})
    const deadline = Date.now() + (this.#seconds + 30) * 1000
    let refused: unknown
    while (Date.now() < deadline) {
      try {
        await using venue = await reconnect()
        const { stdout } = await venue.root.run(['sh', '-s'], { stdin: DISARM })
        if (stdout.trim() === 'disarmed') {
          this.#beat = undefined
          return
        }
        throw wasPutBack(refused)
      } catch (error) {
        if (error instanceof DiagnosticError && error.diagnostics.some(({ code }) => code === 'OV5047')) throw error
        if (refused === undefined)
          this.#say(`it lets no new connection in: waiting until it has put its access back (${firstLine(error)})`)
        refused = error
      }
      await new Promise((done) => setTimeout(done, 2000))
    }
    throw lockedOut(refused)
  }

  #renew(): Promise<void> {
    return this.#run(armScript(this.#seconds))
  }

  async #run(script: string): Promise<void> {
    const { exitCode, stderr, stdout } = await this.#venue.root.run(['sh', '-s'], { stdin: script })
    if (exitCode !== 0)
      throw new DiagnosticError([
        {
          code: 'OV5047',
          severity: 'error',
          message: 'the timer that would put access back could not be armed; nothing of it was touched',
          output: `${stdout}${stderr}`.trim().split('\n'),
          remedy: 'see what systemd-run says on that machine',
        },
      ])
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

const armScript = (seconds: number): string => `
systemctl stop ${TIMER}.timer ${TIMER}.service >/dev/null 2>&1 || :
systemctl reset-failed ${TIMER}.timer ${TIMER}.service >/dev/null 2>&1 || :
[ -d ${FOLDER} ] || { echo 'it has put access back already' >&2; exit 3; }
systemd-run --quiet --collect --unit=${TIMER} --on-active=${seconds} --timer-property=AccuracySec=1s /bin/sh ${FOLDER}/undo
`

/** Keeps a copy of all that decides on access, and writes the program that puts it back. What an earlier run has kept is older, and stays. */
function keepScript(home: string, seconds: number): string {
  const paths = [...ACCESS_PATHS, `${home}/.ssh`].map(quoteSingle).join(' ')
  return `set -e
umask 077
if [ ! -e ${FOLDER}/undo ]; then
  rm -rf ${FOLDER}
  mkdir -p ${FOLDER}/files
  for path in ${paths}; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    mkdir -p "${FOLDER}/files$(dirname "$path")"
    cp -a -- "$path" "${FOLDER}/files$path"
  done
  if ! command -v nft >/dev/null 2>&1; then : >${FOLDER}/nft
  elif ! nft list ruleset >${FOLDER}/nft 2>/dev/null; then rm -f ${FOLDER}/nft; fi
  for unit in ${ACCESS_UNITS.join(' ')}; do ! systemctl is-active -q "$unit" || echo "$unit"; done >${FOLDER}/active
  for unit in ${ACCESS_UNITS.join(' ')}; do ! systemctl is-enabled -q "$unit" 2>/dev/null || echo "$unit"; done >${FOLDER}/enabled
  cat >${FOLDER}/undo <<'OV_UNDO'
# Puts back what decides on access to this machine, as it was before ov touched it.
for path in ${paths}; do
  kept=${FOLDER}/files$path
  if [ -e "$kept" ] || [ -L "$kept" ]; then
    rm -rf -- "$path.ov-guard" && cp -a -- "$kept" "$path.ov-guard" && rm -rf -- "$path" && mv -- "$path.ov-guard" "$path"
  else
    rm -rf -- "$path"
  fi
done
systemctl daemon-reload
for unit in ${ACCESS_UNITS.join(' ')}; do
  if grep -qxF "$unit" ${FOLDER}/enabled; then systemctl enable "$unit"
  elif systemctl is-enabled -q "$unit"; then systemctl disable "$unit"; fi
  if grep -qxF "$unit" ${FOLDER}/active; then systemctl reset-failed "$unit"; systemctl restart "$unit"
  elif systemctl is-active -q "$unit"; then systemctl stop "$unit"; fi
done >/dev/null 2>&1
# After the units: starting them may have loaded rules of theirs.
if [ -f ${FOLDER}/nft ] && command -v nft >/dev/null 2>&1; then { echo 'flush ruleset'; cat ${FOLDER}/nft; } | nft -f -; fi
rm -rf ${FOLDER}
rmdir /var/lib/overthink 2>/dev/null || :
OV_UNDO
fi
${armScript(seconds)}`
}

const DISARM = `
systemctl stop ${TIMER}.timer >/dev/null 2>&1
while [ "$(systemctl show -p ActiveState --value ${TIMER}.service)" = activating ]; do sleep 1; done
[ -d ${FOLDER} ] || { echo 'put back'; exit 0; }
rm -rf ${FOLDER}
rmdir /var/lib/overthink 2>/dev/null
echo disarmed
`

const wasPutBack = (refused: unknown): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV5047',
      severity: 'error',
      message: 'what concerned access to this machine was put back by itself, because no new connection came in',
      ...(refused !== undefined && { output: firstLine(refused).split('\n') }),
      remedy: 'correct the layers that touch ssh, the network or the firewall, and apply again',
    },
  ])

const lockedOut = (refused: unknown): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV5047',
      severity: 'error',
      message: 'no new connection to this machine comes in, although it should have put its access back by now',
      output: firstLine(refused).split('\n'),
      remedy: `get at it another way, and run there, as root: sh ${FOLDER}/undo`,
    },
  ])
