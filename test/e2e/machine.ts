/** A bed with ov installed in it, and the stock images in its storage. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { withLock } from '../../src/state/lock.ts'
import {
  BED_HOME,
  buildBeds,
  startBed,
  type Bed,
  type BedMount,
  type ExecOptions,
  type ExecResult,
} from '../bed/bed.ts'
import { STOCK } from './stock.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const CACHE =
  process.env['OV_E2E_HOME'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ov', 'e2e')

/** Files of a project: path → text. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A project in a bed. */
export interface TestProject {
  readonly folder: string
  /** Writes files of the project. */
  put(files: Files): Promise<void>
  /** Runs ov in the project; whatever the exit code. */
  ov(args: string, options?: ExecOptions): Promise<ExecResult>
  /** Runs ov and expects success. */
  done(args: string, options?: ExecOptions): Promise<ExecResult>
}

/** A machine to apply things to. */
export interface TestMachine {
  readonly bed: Bed
  /** Runs a shell line as the user; fails when it fails. */
  sh(script: string, options?: ExecOptions): Promise<string>
  /** Starts a project beside the stock images. */
  project(name: string, files: Files): Promise<TestProject>
}

/** Starts a bed with ov and the stock images. */
export async function startMachine(name: string, mounts: readonly BedMount[] = []): Promise<TestMachine> {
  await buildBeds()
  const ov = await installation()
  const storage = await stockStorage(ov)
  const machine = await startWith(name, ov, [...mounts, `${dirname(storage)}:/e2e:ro` as BedMount])
  // tar would make the folders in between for root.
  await machine.sh('mkdir -p -m 700 ~/.local ~/.local/share ~/.local/state ~/.local/state/ov')
  await machine.bed.exec(['tar', '-C', '/', '-xpf', `/e2e/${storage.slice(dirname(storage).length + 1)}`, ...TAR], {
    user: 'root',
  })
  return machine
}

/** Starts a bed with ov, and nothing else. */
export async function startBareMachine(name: string, mounts: readonly BedMount[] = []): Promise<TestMachine> {
  await buildBeds()
  return startWith(name, await installation(), mounts)
}

/** Makes an image of one that is built, whose container stays until it is told to go: a stand-in for a sidecar. */
export async function makeSidecar(machine: TestMachine, image: string, reference: string): Promise<void> {
  await machine.sh(
    `container=$(podman create $(podman images -q localhost/${image} | head -1) none)
     podman commit -q --change 'CMD ["sh","-c","trap \\"exit 0\\" TERM; sleep infinity & wait"]' --change 'ENTRYPOINT []' $container ${reference}
     podman rm $container`,
  )
}

/** Gives the user of a machine the key that all beds let in. */
export async function putKey({ bed, sh }: TestMachine): Promise<void> {
  await bed.put('.ssh/id_ed25519', await readFile(join(BED_HOME, 'ssh/id_ed25519'), 'utf8'), { mode: 0o600 })
  await sh('chmod 700 ~/.ssh')
}

/** Puts a program of this folder into the home of the user, as one file: `unlock.ts` → `~/unlock.mjs`. */
export async function putProgram({ bed }: TestMachine, file: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'test/e2e', file)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    external: ['x11', 'usocket'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  await bed.put(file.replace(/ts$/, 'mjs'), outputFiles[0]!.text)
}

const TAR = ['--numeric-owner', '--xattrs', '--xattrs-include=*']

async function startWith(name: string, ov: string, mounts: readonly BedMount[]): Promise<TestMachine> {
  const bed = await startBed(name, {
    mounts: [`${ov}:/opt/ov:ro`, `${process.execPath}:/usr/local/bin/node:ro`, ...mounts] as BedMount[],
    // Nobody is at a desktop: credentials are in the file, unless a test says otherwise.
    env: { OV_SECRET_BACKEND: 'config' },
  })
  await bed.exec(['ln', '-s', '/opt/ov/bin/ov', '/usr/local/bin/ov'], { user: 'root' })
  return {
    bed,
    sh: async (script, options) => (await bed.exec(['bash', '-c', script], options)).stdout,
    project: async (project, files) => {
      const folder = `/home/op/${project}`
      const put = async (more: Files) => {
        for (const [path, text] of Object.entries(more)) await bed.put(`${folder}/${path}`, text)
      }
      const ov = (args: string, options: ExecOptions = {}) =>
        bed.exec(['bash', '-c', `ov ${args}`], { cwd: folder, reject: false, ...options })
      await put({ 'stock.ts': STOCK, ...files })
      return { folder, put, ov, done: (args, options) => ov(args, { ...options, reject: true }) }
    },
  }
}

let installed: Promise<string> | undefined

/** A copy of the built program, as its package would hold it: nobody rebuilds it under a running test. */
function installation(): Promise<string> {
  installed ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ov-e2e-'))
    process.once('exit', () => process.getBuiltinModule('node:fs').rmSync(folder, { recursive: true, force: true }))
    await chmod(folder, 0o755)
    for (const path of ['bin', 'dist', 'package.json', 'node_modules/esbuild', 'node_modules/@esbuild'])
      await cp(join(ROOT, path), join(folder, path), { recursive: true })
    if (!existsSync(join(folder, 'dist/cli.js'))) throw new Error('dist/ is not built; run: npm run build')
    return folder
  })()
  return installed
}

/** What a user's podman keeps, with the stock images and the caches of their builds. */
const KEPT = ['home/op/.local/share/containers', 'home/op/.local/state/ov/builds', 'var/tmp/buildah-cache-1000']

/** A tar of podman's storage with the stock images; made when what goes into it changes, and every week. */
async function stockStorage(ov: string): Promise<string> {
  const hash = createHash('sha256').update(STOCK)
  hash.update(String(Math.floor(Date.now() / 604_800_000)))
  for (const file of ['apply/base', 'apply/buildfile', 'apply/inputs', 'vocabulary/deb', 'vocabulary/distros'])
    hash.update(await readFile(join(ROOT, 'src', `${file}.ts`)))
  for (const file of (await readdir(join(ROOT, 'test/bed/lib'))).sort())
    hash.update(await readFile(join(ROOT, 'test/bed/lib', file)))
  const name = `storage-${hash.digest('hex').slice(0, 12)}.tar`
  const file = join(CACHE, name)
  await mkdir(CACHE, { recursive: true })
  await withLock(
    join(CACHE, 'lock'),
    () => {},
    async () => {
      if (existsSync(file)) return
      const machine = await startWith('stock', ov, [`${CACHE}:/e2e` as BedMount])
      await using bed = machine.bed
      const project = await machine.project('stock', {
        // Something is built on both, so that their content is there.
        'deploy.ts': `import { image, pod } from 'ov'
import { booting, stock } from './stock.ts'
export const above = [stock, booting].map((base, at) => image({ name: \`above-\${at}\`, base }))
export const one = pod({ name: 'one', image: stock })
export const two = pod({ name: 'two', image: booting })
`,
      })
      await project.done('image build')
      await project.done('apply')
      await project.done('destroy one two')
      await machine.sh('podman rmi $(podman images -q --filter reference=localhost/above-*)')
      await bed.exec(['tar', '-C', '/', '-cf', `/e2e/${name}.part`, ...TAR, ...KEPT], { user: 'root' })
      for (const old of await readdir(CACHE)) if (/^storage-.*\.tar$/.test(old)) await rm(join(CACHE, old))
      await rename(`${file}.part`, file)
    },
  )
  return file
}
