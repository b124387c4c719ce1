import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { connectSessionBus, type Bus } from '../../src/credentials/bus.ts'

/** A session bus of its own: nothing is started on it but what the test starts. */
export interface PrivateBus {
  readonly address: string
  readonly home: string
  readonly runtimeDir: string
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

export async function startBus(): Promise<PrivateBus> {
  const home = mkdtempSync(join(tmpdir(), 'ov-bus-'))
  const runtimeDir = join(home, 'run')
  mkdirSync(runtimeDir, { mode: 0o700 })
  const config = join(home, 'bus.conf')
  // No directories of services: a bus that starts keyrings by itself is no bus without one.
  writeFileSync(
    config,
    `<busconfig><type>session</type><listen>unix:path=${join(runtimeDir, 'bus')}</listen><policy context="default">
     <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  )
  const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [address] = (await once(createInterface(daemon.stdout), 'line')) as [string]
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_RUNTIME_DIR: runtimeDir,
    XDG_DATA_HOME: join(home, 'share'),
    XDG_CONFIG_HOME: join(home, 'config'),
    DBUS_SESSION_BUS_ADDRESS: address,
  }
  const stop = async () => {
    await end(daemon)
    rmSync(home, { recursive: true, force: true })
  }
  return { address, home, runtimeDir, env, stop }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

const S = 'org.freedesktop.Secret'
const ROOT = '/org/freedesktop/secrets'
const GNOME = 'org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface'

/** A real GNOME Keyring. It shows no windows: whoever would have to be asked is not. */
export class GnomeKeyring {
  readonly #bus: PrivateBus
  readonly #daemon: ChildProcess
  readonly #control: Bus
  #session = ''

  private constructor(bus: PrivateBus, daemon: ChildProcess, control: Bus) {
    this.#bus = bus
    this.#daemon = daemon
    this.#control = control
  }

  /** With a password there is a collection `login`, which is open; without one there is only the one that ends with the session. */
  static async start(bus: PrivateBus, password?: string): Promise<GnomeKeyring> {
    const unlock = password === undefined ? [] : ['--unlock']
    const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...unlock], {
      env: bus.env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    daemon.stdin.end(password ?? '')
    const control = await connectSessionBus(bus.address)
    const keyring = new GnomeKeyring(bus, daemon, control)
    await keyring.#owner(true)
    const [, session] = await control.call(ROOT, `${S}.Service`, 'OpenSession', 'sv', [
      'plain',
      control.variant('s', ''),
    ])
    keyring.#session = session as string
    return keyring
  }

  async stop(): Promise<void> {
    await end(this.#daemon)
    await this.#owner(false)
    this.#control.close()
  }

  async #owner(wanted: boolean): Promise<void> {
    const name = 'org.freedesktop.DBus'
    for (;;) {
      const [there] = await this.#control.call(
        '/org/freedesktop/DBus',
        name,
        'NameHasOwner',
        's',
        ['org.freedesktop.secrets'],
        {
          destination: name,
        },
      )
      if (there === wanted) return
      await new Promise((done) => setTimeout(done, 20))
    }
  }

  async lock(collection: string): Promise<void> {
    await this.#control.call(ROOT, `${S}.Service`, 'Lock', 'ao', [[collection]])
  }

  async unlock(collection: string, password: string): Promise<void> {
    await this.#control.call(ROOT, GNOME, 'UnlockWithMasterPassword', 'o(oayays)', [collection, this.#secret(password)])
  }

  /** Comes back with its path. */
  async create(label: string, password: string): Promise<string> {
    const properties = { [`${S}.Collection.Label`]: this.#control.variant('s', label) }
    const [path] = await this.#control.call(ROOT, GNOME, 'CreateWithMasterPassword', 'a{sv}(oayays)', [
      properties,
      this.#secret(password),
    ])
    return path as string
  }

  async setAlias(name: string, collection: string): Promise<void> {
    await this.#control.call(ROOT, `${S}.Service`, 'SetAlias', 'so', [name, collection])
  }

  async property(path: string, iface: string, name: string): Promise<unknown> {
    const [value] = await this.#control.call(path, 'org.freedesktop.DBus.Properties', 'Get', 'ss', [
      `${S}.${iface}`,
      name,
    ])
    return value
  }

  async search(collection: string, attributes: Record<string, string>): Promise<string[]> {
    const [items] = await this.#control.call(collection, `${S}.Collection`, 'SearchItems', 'a{ss}', [attributes])
    return items as string[]
  }

  /** Puts an item somewhere, whatever it is. */
  async put(collection: string, attributes: Record<string, string>, value: string): Promise<string> {
    const properties = {
      [`${S}.Item.Label`]: this.#control.variant('s', 'of somebody else'),
      [`${S}.Item.Attributes`]: this.#control.variant('a{ss}', attributes),
    }
    const [item] = await this.#control.call(collection, `${S}.Collection`, 'CreateItem', 'a{sv}(oayays)b', [
      properties,
      this.#secret(value),
      false,
    ])
    return item as string
  }

  /** Another client of the same keyring. */
  async secretTool(args: readonly string[], input = ''): Promise<string> {
    const { stdout, stderr } = await execa('secret-tool', args, {
      env: this.#bus.env,
      extendEnv: false,
      input,
      reject: false,
      stripFinalNewline: false,
    })
    return stdout + stderr
  }

  #secret(value: string): readonly unknown[] {
    return [this.#session, Buffer.alloc(0), Buffer.from(value), 'text/plain']
  }
}

export const LOGIN = `${ROOT}/collection/login`
export const SESSION = `${ROOT}/collection/session`
