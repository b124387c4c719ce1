import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { BootstrapSpec } from '../resolve/image.ts'
import type { Executor } from './executor.ts'
import type { Podman } from './podman.ts'
import { withWorkFolder } from './work.ts'

/** Files of a bootstrapped base that builds lay the machine's own over: empty in the image, so that nothing of this machine stays in it. */
const SOURCES = '/etc/apt/sources.list.d/machine.sources'
const SETTINGS = '/etc/apt/apt.conf.d/95machine'
const KEYRINGS: Readonly<Record<string, string>> = {
  debian: '/usr/share/keyrings/debian-archive-keyring.gpg',
  ubuntu: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
}

/** Makes a base image, unless it is there. */
export async function ensureBase(
  spec: BootstrapSpec,
  reference: string,
  tools: { executor: Executor; podman: Podman; say: (line: string) => void; signal: AbortSignal; refresh: boolean },
): Promise<void> {
  const { executor, podman, say, signal, refresh } = tools
  if (!refresh && (await podman.exists('image', reference))) return
  if ((await executor.run(['mmdebstrap', '--version'])).exitCode === 127)
    throw new DiagnosticError([
      {
        code: 'OV5004',
        severity: 'error',
        message: `mmdebstrap is not installed; it makes the base ${spec.distro} ${spec.suite}`,
        remedy: 'install mmdebstrap, or use a registry reference as base',
      },
    ])
  say(`making the base ${reference}`)
  await withWorkFolder(async (work) => {
    const sources = join(work, 'apt.sources')
    writeFileSync(sources, aptSources(spec))
    const archive = join(work, 'base.tar')
    const result = await executor.run(
      [
        'mmdebstrap',
        '--quiet',
        // Not root: in a user namespace, which needs no privileges on the machine.
        `--mode=${process.getuid?.() === 0 ? 'root' : 'unshare'}`,
        '--format=tar',
        `--variant=${spec.variant}`,
        ...(spec.include.length > 0 ? [`--include=${spec.include.join(',')}`] : []),
        ...['man', 'locale', 'doc', 'info'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
        '--dpkgopt=path-include=/usr/share/doc/*/copyright',
        // Packages link to their man pages without asking whether the folders for them are there.
        `--customize-hook=for n in 1 2 3 4 5 6 7 8; do mkdir -p "$1/usr/share/man/man$n"; done`,
        // What this machine is called and where it installs from is nobody's business but its own.
        `--customize-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/var/cache/debconf/*-old "$1"/var/cache/ldconfig/aux-cache`,
        `--customize-hook=: > "$1"${SOURCES}; : > "$1"${SETTINGS}`,
        spec.suite,
        archive,
        sources,
      ],
      { signal, bound: true, env: { SOURCE_DATE_EPOCH: '1700000000' } },
    )
    if (result.exitCode !== 0)
      throw new DiagnosticError([
        {
          code: 'OV5007',
          severity: 'error',
          message: `mmdebstrap could not make ${spec.distro} ${spec.suite}`,
          output: result.stderr.trim().split('\n').slice(-20),
          remedy: 'check the suite, and that this machine can install packages itself (apt-get update)',
        },
      ])
    await podman.run(podman.importArguments(archive, reference), { signal, bound: true })
  })
}

/** Mounts that let apt in a build use this machine's archive and proxy. */
export async function buildMounts(
  spec: BootstrapSpec,
  folder: string,
  executor: Executor,
): Promise<(readonly [string, string])[]> {
  const sources = join(folder, `${spec.distro}-${spec.suite}.sources`)
  writeFileSync(sources, aptSources(spec))
  const settings = join(folder, 'machine.conf')
  const proxies = await executor.run(['apt-config', 'dump', 'Acquire::http::Proxy', 'Acquire::https::Proxy'])
  writeFileSync(settings, proxies.exitCode === 0 ? proxies.stdout : '')
  return [
    [sources, SOURCES],
    [settings, SETTINGS],
  ]
}

/** Sources for the suite: the archive that was asked for, or the one that this machine itself installs from. */
function aptSources(spec: BootstrapSpec, read: () => readonly string[] = machineUris): string {
  const keyring = KEYRINGS[spec.distro]
  const signed = keyring !== undefined && existsSync(keyring) ? `Signed-By: ${keyring}\n` : ''
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${spec.components.join(' ')}\n${signed}`
  if (spec.mirror !== undefined) return stanza(spec.mirror, spec.suite)
  const uris = read()
  const named = (name: string) => uris.find((uri) => new RegExp(`/${name}/?$`).test(uri))
  const archive = named(spec.distro)
  if (archive === undefined)
    throw new DiagnosticError([
      {
        code: 'OV5005',
        severity: 'error',
        message: `this machine's apt knows no archive of ${spec.distro}`,
        remedy: `name one: debootstrap({ suite: '${spec.suite}', mirror: 'https://…' })`,
      },
    ])
  const security = named(`${spec.distro}-security`)
  const rolling = spec.suite === 'sid' || spec.suite === 'unstable'
  return [
    stanza(archive, rolling ? spec.suite : `${spec.suite} ${spec.suite}-updates`),
    ...(security !== undefined && !rolling ? [stanza(security, `${spec.suite}-security`)] : []),
  ].join('\n')
}

/** Archive addresses in this machine's apt sources, both formats. */
function machineUris(): string[] {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]
  return files.flatMap((file) => {
    if (!/\.(list|sources)$/.test(file) || !existsSync(file)) return []
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) =>
        file.endsWith('.sources')
          ? (/^URIs:\s*(.*)$/.exec(line)?.[1]?.split(/\s+/) ?? [])
          : (/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line)?.slice(1) ?? []),
      )
  })
}
