import { accessSync, constants, existsSync } from 'node:fs'
import { arch } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Executor } from '../apply/executor.ts'
import type { Check, Group } from './report.ts'
import { installHint, type System } from './system.ts'

/** A look must not take longer. (DOC-08) */
const PATIENCE = 3000

export interface ProbeTools {
  readonly executor: Executor
  readonly system: System
  /** Directories of programs. */
  readonly path: string
}

/** Where a program is; undefined when it is not installed. */
function findProgram(name: string, path: string, more: readonly string[] = []): string | undefined {
  for (const directory of [...path.split(delimiter), ...more]) {
    const file = join(directory || '.', name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not here
    }
  }
  return undefined
}

/** A program, and its version where it says one. */
export async function program(
  name: string,
  { executor, system, path }: ProbeTools,
  { version = ['--version'], more = [] }: { version?: readonly string[]; more?: readonly string[] } = {},
): Promise<Check> {
  const [command = name, ...words] = name.split(' ')
  const file = findProgram(command, path, more)
  const missing: Check = { name, status: 'missing', detail: 'not found', hint: installHint(name, system) }
  if (file === undefined) return missing
  const { exitCode, stdout, stderr } = await quickly(executor, [file, ...words, ...version])
  if (words.length > 0 && exitCode !== 0) return missing
  const found =
    /\d+(?:\.\d+)+(?:[-+~][\w.]+)?/.exec(stdout.split('\n')[0] ?? '') ?? /\d+(?:\.\d+)+/.exec(stdout + stderr)
  return { name, status: 'ok', version: found?.[0] ?? file }
}

/** What a program says, within the time that a look may take. */
export async function quickly(
  executor: Executor,
  argv: readonly string[],
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const signal = AbortSignal.timeout(PATIENCE)
  try {
    return await executor.run(argv, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
    return { exitCode: 124, stdout: '', stderr: 'it does not answer' }
  }
}

/** Everything that is a program, or a socket. (DOC-03) */
export async function programGroups(tools: ProbeTools): Promise<{ before: readonly Group[]; after: readonly Group[] }> {
  const of = (...names: readonly string[]) => Promise.all(names.map((name) => program(name, tools)))
  const group = (name: string, checks: readonly Check[], more: Partial<Group> = {}): Group => ({
    name,
    required: false,
    ...more,
    checks,
  })
  const engines = await of('docker', 'podman')
  const [docker, podman] = engines.map(({ status }) => status === 'ok')
  const qemu = `qemu-system-${arch() === 'arm64' ? 'aarch64' : 'x86_64'}`
  return {
    before: [
      group('Container Engine', engines, { required: true, or: true }),
      group('Build Infrastructure', await of('git', 'node', 'mmdebstrap', ...(docker ? ['docker buildx'] : []))),
      group('Service Management', await of('systemctl', 'podman')),
      group('Virtual Machines', [
        ...(await of(qemu, 'qemu-img')),
        await program('virtiofsd', tools, { more: ['/usr/lib', '/usr/libexec'] }),
        await program('virsh', tools),
        await program('ssh', tools, { version: ['-V'] }),
        libvirtSocket(),
      ]),
    ],
    after: [
      group('Tunnels', await of('tailscale', 'cloudflared')),
      group('Merge & Registry', await of('skopeo')),
      group('Shell & TTY', await of('script')),
      ...(podman
        ? [
            group('Podman Machine', [
              await program('gvproxy', tools, { more: ['/usr/libexec/podman', '/usr/lib/podman'] }),
            ]),
          ]
        : []),
    ],
  }
}

function libvirtSocket(): Check {
  const name = 'libvirt session socket'
  const directory = join(process.env['XDG_RUNTIME_DIR'] ?? '/nonexistent', 'libvirt')
  const socket = ['libvirt-sock', 'virtqemud-sock'].map((one) => join(directory, one)).find((one) => existsSync(one))
  return socket === undefined
    ? { name, status: 'missing', detail: 'not running', hint: 'virsh -c qemu:///session list starts it' }
    : { name, status: 'ok', version: socket }
}
