import { localExecutor } from '../apply/executors/local.ts'
import { prefixed } from '../apply/executors/prefixed.ts'
import type { Asking } from '../apply/executors/ssh/index.ts'
import { LedgerFiles, probe, type Venue } from '../apply/targets/host/index.ts'
import type { Executor } from '../apply/executor.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { placeId, type HostPlace } from '../plan/host/place.ts'
import { operatorVariables } from '../state/environment.ts'
import type { Context } from './command.ts'
import { askSecret, confirm, hasTerminal } from './confirm.ts'

/** A machine that is open: programs run there until it is closed. */
export interface OpenVenue extends Omit<Venue, 'formats'>, AsyncDisposable {
  readonly id: string
  readonly place: HostPlace
  /** What makes a program root's, where that is a matter of a program there. */
  readonly sudo: readonly string[]
  readonly ledger: LedgerFiles
}

/** Reaches a machine, and looks at it. Nothing there is changed. */
export async function openVenue(place: HostPlace, context: Pick<Context, 'say'>): Promise<OpenVenue> {
  const { executor, close } = await reach(place, context)
  try {
    const container = place.kind === 'container' ? place : undefined
    const user = container ? prefixed(executor, inContainer(container)) : executor
    const machine = await probe(user)
    const sudo = machine.user.uid === 0 || container ? [] : ['sudo', '-n', '--']
    return {
      id: placeId(place),
      place,
      user,
      // A container may well have no sudo; who may run programs in it may do so as root. (DEP-38)
      root: container ? prefixed(executor, inContainer(container, ['--user', '0'])) : prefixed(executor, sudo),
      machine,
      sudo,
      ledger: new LedgerFiles(machine.user.home, user),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function reach(
  place: HostPlace,
  { say }: Pick<Context, 'say'>,
): Promise<{ readonly executor: Executor; readonly close: () => Promise<void> }> {
  if (place.kind !== 'ssh') {
    if (place.kind === 'container') await mustRun(place)
    return { executor: localExecutor, close: () => Promise.resolve() }
  }
  // Most runs never need it.
  const { SshExecutor } = await import('../apply/executors/ssh/index.ts')
  const executor = await SshExecutor.connect(place.destination, {
    executor: localExecutor,
    agentSocket: operatorVariables()['SSH_AUTH_SOCK'],
    asking: hasTerminal() ? ASKING : undefined,
    say,
  })
  return { executor, close: () => executor[Symbol.asyncDispose]() }
}

let turn: Promise<unknown> = Promise.resolve()
/** One question at a time, though several machines are reached at once. */
const inTurn = <T>(ask: () => Promise<T>): Promise<T> => {
  const answer = turn.then(ask)
  turn = answer.catch(() => {})
  return answer
}
const ASKING: Asking = {
  secret: (question) => inTurn(() => askSecret(question)),
  confirm: (question) => inTurn(() => confirm(question)),
}

type Container = Extract<HostPlace, { kind: 'container' }>

/** What a container may know of the session it is entered from. (DEP-39) */
const SESSION = ['XDG_RUNTIME_DIR', 'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS']

function inContainer({ engine, container }: Container, options: readonly string[] = []): string[] {
  const variables = operatorVariables()
  const passed = SESSION.flatMap((name) => {
    const value = variables[name] ?? ''
    return value === '' || /\/run\/user\/\d/.test(value) ? [] : ['--env', `${name}=${value}`]
  })
  return [engine, 'exec', '-i', ...options, ...passed, container]
}

async function mustRun({ engine, container, deploy }: Container): Promise<void> {
  const { stdout } = await localExecutor.run([engine, 'container', 'inspect', '-f', '{{.State.Running}}', container])
  if (stdout.trim() === 'true') return
  throw new DiagnosticError([
    {
      code: 'OV5006',
      severity: 'error',
      message: `container ${container} is not running`,
      remedy: `what lives inside of a deploy needs it: ov apply ${deploy}, or ov start ${deploy}`,
    },
  ])
}
