import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Place } from '../diagnostics/diagnostic.ts'
import type { Clock } from './executor.ts'
import type { Podman } from './podman.ts'

const ATTEMPTS = 3
/** Milliseconds before the second attempt; twice as long before each further one. */
const PATIENCE = 5000

/** Pushes an image, or a list of images of several platforms. Registries fail for a moment now and then. (IMG-183) */
export async function pushImage(
  image: { readonly name: string; readonly origin: Place; readonly reference: string; readonly several: boolean },
  podman: Podman,
  { clock, say, signal }: { clock: Clock; say: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const { name, origin, reference, several } = image
  const args = several ? ['manifest', 'push', '--all', reference, `docker://${reference}`] : ['push', reference]
  for (let attempt = 1; ; attempt++) {
    say(`${name}: pushing ${reference}`)
    const { exitCode, stderr } = await podman.try(args, { signal, bound: true })
    if (exitCode === 0) return
    const reason = stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}`
    if (attempt === ATTEMPTS)
      throw new DiagnosticError([
        {
          code: 'OV5022',
          severity: 'error',
          message: `${reference} could not be pushed: ${reason}`,
          entity: `image "${name}"`,
          place: origin,
          remedy: `check that you may push there (${podman.program} login), and run the command again`,
        },
      ])
    const pause = PATIENCE * 2 ** (attempt - 1)
    say(`${name}: ${reason}; trying again in ${pause / 1000} s`)
    await clock.sleep(pause)
    signal.throwIfAborted()
  }
}
