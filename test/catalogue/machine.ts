/** A disposable machine with the catalogue on it. */
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../scripts/catalogue/facts.ts'
import type { BedMount } from '../bed/bed.ts'
import { startBareMachine, type TestMachine } from '../e2e/machine.ts'

/** How the checks of an image came out. */
export interface Checked {
  readonly passed: number
  readonly skipped: number
  /** What failed, as ov tells it. */
  readonly failed: readonly string[]
}

/** The catalogue, in the home of a machine's user. */
export interface CatalogueMachine {
  readonly machine: TestMachine
  /** Runs ov in the catalogue. */
  ov(...args: string[]): Promise<{ stdout: string; stderr: string; exitCode: number }>
  /** `ov eval image`. */
  check(image: string): Promise<Checked>
}

/** Folder of the catalogue in the machine. */
export const FOLDER = '/home/op/catalogue'

/** Starts a machine with the catalogue: an empty one, or one with the stock images, whose base is that of the catalogue. */
export async function startCatalogue(name: string, start = startBareMachine): Promise<CatalogueMachine> {
  const machine = await start(name, [`${ROOT}:/catalogue:ro` as BedMount])
  await trustWhatTheHostTrusts(machine)
  await machine.sh(`mkdir ${FOLDER} && cd /catalogue && cp -r layers layers.ts images.ts deploy.ts ${FOLDER}`)
  const ov = (...args: string[]) => machine.bed.exec(['ov', ...args], { cwd: FOLDER, reject: false })
  return {
    machine,
    ov,
    check: async (image) => {
      const { stdout, stderr, exitCode } = await ov('eval', 'image', image, '--format', 'json')
      if (exitCode !== 0 && exitCode !== 2) throw new Error(stderr)
      const verdicts = (
        JSON.parse(stdout) as {
          checks: { status: string; verb: string; subject: string; message: string; origin: string }[]
        }
      ).checks
      const having = (status: string) => verdicts.filter((verdict) => verdict.status === status)
      return {
        passed: having('pass').length,
        skipped: having('skip').length,
        failed: having('fail').map(
          ({ verb, subject, message, origin }) => `${verb} ${subject}: ${message} (${origin})`,
        ),
      }
    },
  }
}

/**
 * Certificates that were added to this machine, because something between it and the world has its own, are also for what images are built from:
 * a registry of npm packages can't be reached otherwise. Bases from Debian's archive need none, since packages are signed.
 */
async function trustWhatTheHostTrusts({ bed, sh }: TestMachine): Promise<void> {
  const added = '/usr/local/share/ca-certificates'
  const files = existsSync(added) ? readdirSync(added).filter((file) => file.endsWith('.crt')) : []
  if (files.length === 0) return
  for (const file of files) await bed.put(`${added}/${file}`, await readFile(join(added, file)), { user: 'root' })
  const volumes = await sh(
    `for file in ${added}/*.crt; do echo "\\"$file:/etc/ssl/certs/$(openssl x509 -hash -noout -in "$file").0:ro\\","; done`,
  )
  await bed.put('/etc/containers/containers.conf.d/certificates.conf', `[containers]\nvolumes = [\n${volumes}\n]\n`, {
    user: 'root',
  })
}
