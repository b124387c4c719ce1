import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.ts'
import type { FoundAccount, PinnedDownload, PinnedImage, Pins } from '../model/pins.ts'
import type { Outside, OutsideDownload, OutsideImage } from '../plan/outside.ts'
import { isAccountName, isHome } from '../state/lock-file.ts'
import type { Executor } from './executor.ts'
import type { Podman } from './podman.ts'
import { withWorkFolder } from './work.ts'

export interface PinTools {
  readonly executor: Executor
  readonly podman: Podman
  /** This machine's architecture as builders spell it. */
  readonly architecture: string
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What `BUILD_ARCH` is where `ARCH` is this. */
const MACHINES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' }

/** Whether all that is wanted of an image is pinned. */
const knowsImage = (pin: PinnedImage | undefined, { uids }: OutsideImage): pin is PinnedImage =>
  pin !== undefined && uids.every((uid) => pin.users?.[uid] !== undefined)

const knowsDownload = (
  pin: PinnedDownload | undefined,
  { byArchitecture }: OutsideDownload,
  architecture: string,
): boolean =>
  pin !== undefined &&
  (byArchitecture
    ? typeof pin.sha256 !== 'string' && pin.sha256[architecture] !== undefined
    : typeof pin.sha256 === 'string')

/** What is not pinned yet. */
export const unpinned = (outside: Outside, pins: Pins, architecture: string): Outside => ({
  images: outside.images.filter((image) => !knowsImage(pins.images[image.ref], image)),
  downloads: outside.downloads.filter((one) => !knowsDownload(pins.downloads[one.url], one, architecture)),
})

/** Pins what is not pinned yet, and pins anew what is to be updated. Other pins stay as they are. */
export async function pin(
  outside: Outside,
  pins: Pins,
  tools: PinTools,
  update: ReadonlySet<string> = new Set(),
): Promise<Pins> {
  const images = { ...pins.images }
  const downloads = { ...pins.downloads }
  for (const image of outside.images) {
    const known = images[image.ref]
    if (update.has(image.ref)) images[image.ref] = await pinImage(image, undefined, true, tools)
    else if (!knowsImage(known, image)) images[image.ref] = await pinImage(image, known, false, tools)
  }
  for (const one of outside.downloads) {
    const known = downloads[one.url]
    const fresh = update.has(one.url)
    if (fresh || !knowsDownload(known, one, tools.architecture))
      downloads[one.url] = await pinDownload(one, fresh ? undefined : known, tools)
  }
  return { images, downloads }
}

/** Images of this machine alone: no registry has them. */
const isLocal = (ref: string) => ref.startsWith('localhost/')

async function pinImage(
  { ref, uids, origin }: OutsideImage,
  known: PinnedImage | undefined,
  newest: boolean,
  tools: PinTools,
): Promise<PinnedImage> {
  const { podman, say, signal } = tools
  // Accounts are those of the image that is pinned, whatever its name stands for today.
  const reference = known === undefined || ref.includes('@') ? ref : `${ref}@${known.digest}`
  const fetches = newest ? !isLocal(ref) : !(await podman.exists('image', reference))
  if (fetches) {
    say(`pulling ${reference}`)
    const failure = isLocal(ref) ? 'it is not in local storage' : await podman.pull(reference, signal)
    if (failure !== undefined)
      throw new DiagnosticError([
        notFetched(
          `image ${reference}: ${failure}`,
          origin,
          'check the reference, and that its registry can be reached',
        ),
      ])
  }
  const digest = known?.digest ?? /@(sha256:[0-9a-f]{64})$/.exec(ref)?.[1] ?? (await podman.digest(ref))
  if (digest === undefined) throw new Error(`no digest of ${ref}`)
  const looked = uids.length === 0 ? undefined : await accounts(reference, uids, podman)
  const users = { ...known?.users, ...looked }
  return { digest, ...(Object.keys(users).length > 0 && { users }) }
}

/** The accounts at these uids. An image in which none can be looked up has none. (IMG-18) */
async function accounts(
  reference: string,
  uids: readonly number[],
  podman: Podman,
): Promise<Record<string, FoundAccount | null>> {
  const passwd = (await podman.fileOf(reference, '/etc/passwd')) ?? ''
  const lines = passwd.split('\n').map((line) => line.split(':'))
  return Object.fromEntries(
    uids.map((uid) => {
      const [name = '', , , gid = '', , home = ''] = lines.find((fields) => fields[2] === String(uid)) ?? []
      const usable = isAccountName(name) && /^\d+$/.test(gid) && isHome(home)
      return [uid, usable ? { name, gid: Number(gid), home } : null]
    }),
  )
}

async function pinDownload(
  { url, byArchitecture, env, origin }: OutsideDownload,
  known: PinnedDownload | undefined,
  { executor, architecture, say, signal }: PinTools,
): Promise<PinnedDownload> {
  const filled = url
    .replaceAll('${ARCH}', architecture)
    .replaceAll('${BUILD_ARCH}', MACHINES[architecture] ?? architecture)
  say(`fetching ${filled}`)
  const sum = await withWorkFolder(async (folder) => {
    const file = join(folder, 'download')
    const result = await executor.run(['curl', '-fsSL', '--retry', '2', '-o', file, '--', filled], { env, signal })
    if (result.exitCode !== 0)
      throw new DiagnosticError([
        notFetched(`${filled}: ${result.stderr.trim()}`, origin, 'check the URL, and that it can be reached from here'),
      ])
    return fileHash(file)
  })
  if (!byArchitecture) return { sha256: sum }
  const others = known === undefined || typeof known.sha256 === 'string' ? {} : known.sha256
  return { sha256: { ...others, [architecture]: sum } }
}

async function fileHash(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const notFetched = (message: string, place: OutsideImage['origin'], remedy: string): Diagnostic => ({
  code: 'OV5021',
  severity: 'error',
  message,
  place,
  remedy,
})

/** Has every pinned image at hand before anything is built on it: in local storage, or fetched by its digest. */
export async function fetchPinned(
  images: readonly OutsideImage[],
  pins: Pins,
  { podman, say, signal }: PinTools,
): Promise<void> {
  const problems: Diagnostic[] = []
  for (const { ref, origin, usedBy } of images) {
    const digest = pins.images[ref]?.digest
    if (digest === undefined) continue
    const reference = ref.includes('@') ? ref : `${ref}@${digest}`
    if (await podman.exists('image', reference)) continue
    if (!isLocal(ref)) say(`pulling ${reference}`)
    const failure = isLocal(ref) ? 'it is not in local storage' : await podman.pull(reference, signal)
    if (failure === undefined) continue
    const now = await podman.digest(ref)
    problems.push({
      code: 'OV5020',
      severity: 'error',
      message: `${ref} is pinned to ${digest}, which is not to be had: ${failure}${now === undefined ? '' : `; the name stands for ${now} here`}`,
      entity: `image "${usedBy[0]}"`,
      place: origin,
      remedy: `get that image back, or take what there is now: ov lock --update ${ref}`,
    })
  }
  if (problems.length > 0) throw new DiagnosticError(problems)
}
