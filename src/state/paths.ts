import { homedir } from 'node:os'
import { join } from 'node:path'
import { setting } from './settings.ts'

/** Where things are on the operator's machine. (POD-06) */
export interface Paths {
  readonly home: string
  /** What this user has set: `deploy.yml` and all that belongs to it. */
  readonly config: string
  /** Settings, and credentials where nothing better is there. */
  readonly configFile: string
  /** The deploys of this machine. */
  readonly deployFile: string
  /** Quadlets of the user. */
  readonly quadlets: string
  /** Other units of the user. */
  readonly units: string
  /** What cloudflared reads, a file for each tunnel. */
  readonly tunnels: string
  /** What is remembered of containers that run without a unit, a file for each. */
  readonly direct: string
  /** Data of bind-backed volumes without a path. */
  readonly volumes: string
  /** Encrypted volumes without a path. */
  readonly encrypted: string
  /** Where encrypted volumes were made, a file for each. */
  readonly vaults: string
  /** What lasts until this user logs out. */
  readonly runtime: string
  /** The key that ov makes for its user; the public one is beside it. */
  readonly sshKey: string
  /** What ov remembers of deploys. */
  readonly deploys: string
  /** What ov remembers of host deploys. */
  readonly hosts: string
  /** What images were built from. */
  readonly builds: string
  readonly logs: string
  readonly lock: string
}

/** The places of this user, by the XDG base directories. */
export function userPaths(env: NodeJS.ProcessEnv = process.env): Paths {
  const home = env['HOME'] || homedir()
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config')
  const configFile = join(config, 'ov/config.yml')
  const state = join(env['XDG_STATE_HOME'] || join(home, '.local/state'), 'ov')
  return {
    home,
    config: join(config, 'ov'),
    configFile,
    deployFile: join(config, 'ov/deploy.yml'),
    quadlets: join(config, 'containers/systemd'),
    units: join(config, 'systemd/user'),
    tunnels: join(config, 'ov/tunnels'),
    direct: join(config, 'ov/direct'),
    // Where they are is a setting, which most commands have no need to read.
    get volumes() {
      return setting('volumes_path', configFile)
    },
    get encrypted() {
      return setting('encrypted_storage_path', configFile)
    },
    vaults: join(state, 'vaults'),
    runtime: join(env['XDG_RUNTIME_DIR'] || state, 'ov'),
    sshKey: join(home, '.local/share/ov/ssh/id_ed25519'),
    deploys: join(state, 'deploys'),
    hosts: join(state, 'hosts'),
    builds: join(state, 'builds'),
    logs: join(state, 'logs'),
    lock: join(state, 'lock'),
  }
}
