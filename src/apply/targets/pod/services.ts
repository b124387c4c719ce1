import type { Podman } from '../../podman.ts'

/** How the services in a container are. */
export interface ServiceStates {
  /** Some are still on their way. */
  readonly pending: boolean
  /** Those that were given up, with what their init says. */
  readonly failed: readonly string[]
}

/** How to ask an init for its services; one that is not here is taken at its word when its container runs. */
const QUESTIONS: Readonly<Record<string, { argv: readonly string[]; read: (text: string) => ServiceStates }>> = {
  supervisord: { argv: ['supervisorctl', '-c', '/etc/supervisord.conf', 'status'], read: readSupervisor },
}

/** Asks the init in a container for its services; undefined where there is nobody to ask. */
export async function serviceStates(
  container: string,
  init: string,
  podman: Podman,
): Promise<ServiceStates | undefined> {
  const question = QUESTIONS[init]
  if (!question) return undefined
  const { stdout } = await podman.try(['exec', container, ...question.argv])
  return question.read(stdout)
}

/** `name  STATE  words`; an exit code says nothing more. (supervisorctl status) */
function readSupervisor(text: string): ServiceStates {
  const rows = text.split('\n').flatMap((line) => {
    const [, name, state, words = ''] = /^(\S+)\s+([A-Z]+)\s*(.*)$/.exec(line) ?? []
    return name === undefined || state === undefined ? [] : [{ name, state, words }]
  })
  return {
    // Nothing to read: supervisord itself is not up yet.
    pending: rows.length === 0 || rows.some(({ state }) => state === 'STARTING' || state === 'BACKOFF'),
    failed: rows.flatMap(({ name, state, words }) => (state === 'FATAL' ? [`${name}: ${words}`] : [])),
  }
}
