import { homedir } from 'node:os'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { venueId, type Destination } from '../../../model/destination.ts'
import type { Executor } from '../../executor.ts'

/** How a machine is reached, after all of the user's configuration. (ssh_config(5)) */
export interface SshSettings {
  readonly hostname: string
  readonly port: number
  readonly user: string
  /** Name under which its key is known. */
  readonly alias: string
  readonly family: 0 | 4 | 6
  /** What becomes of a key that is not known. */
  readonly unknownKeys: 'refuse' | 'ask' | 'add'
  readonly hashKnownHosts: boolean
  /** Files of known keys; new ones go to the first. */
  readonly knownHosts: readonly string[]
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** Socket of the agent. */
  readonly agent?: string
  readonly password: boolean
  readonly keyboard: boolean
  readonly jumps: readonly Destination[]
  readonly proxyCommand?: string
  readonly connectSeconds: number
  readonly aliveSeconds: number
  readonly aliveCount: number
}

/** Seconds to wait for an answer where the configuration names none. (DEP-43) */
const CONNECT_SECONDS = 10

/** Asks the user's own ssh what its configuration comes to for a machine: nobody else reads `Match`, `Include` and tokens the same. */
export async function sshSettings(
  destination: Destination,
  agentSocket: string | undefined,
  executor: Executor,
): Promise<SshSettings> {
  const { host, user, port, args } = destination
  const argv = [
    'ssh',
    '-G',
    ...['-o', 'LogLevel=ERROR'],
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...args,
    '--',
    host,
  ]
  const { exitCode, stdout, stderr } = await executor.run(argv)
  if (exitCode !== 0)
    throw new DiagnosticError([
      {
        code: exitCode === 127 ? 'OV5004' : 'OV5044',
        severity: 'error',
        message:
          exitCode === 127 ? 'the program "ssh" is missing' : `${venueId(destination)}: ssh refuses its settings`,
        ...(exitCode !== 127 && { output: stderr.trim().split('\n') }),
        remedy: exitCode === 127 ? 'install openssh-client: ov reads ~/.ssh/config through it' : 'correct what it says',
      },
    ])
  return readSettings(stdout, host, agentSocket)
}

/** Reads what `ssh -G` prints: a word, and a value, in each line. */
export function readSettings(text: string, host: string, agentSocket: string | undefined): SshSettings {
  const lines = text.split('\n').map((line) => [line.replace(/ .*/s, ''), line.replace(/^\S* ?/, '')] as const)
  const all = (name: string) => lines.flatMap(([word, value]) => (word === name && value !== '' ? [value] : []))
  const one = (name: string) => all(name)[0] ?? ''
  const seconds = (name: string) => (/^\d+$/.test(one(name)) ? Number(one(name)) : 0)
  const port = Number(one('port') || 22)
  const hostname = one('hostname') || host
  const agent = one('identityagent') || 'SSH_AUTH_SOCK'
  const socket = agent === 'SSH_AUTH_SOCK' ? agentSocket : agent === 'none' ? undefined : untilde(agent)
  const strict = one('stricthostkeychecking')
  const [command] = all('proxycommand').filter((value) => value !== 'none')
  const tokens: Readonly<Record<string, string>> = { h: hostname, p: String(port), r: one('user'), n: host, '%': '%' }
  return {
    hostname,
    port,
    user: one('user'),
    alias: one('hostkeyalias') || (port === 22 ? hostname : `[${hostname}]:${port}`),
    family: one('addressfamily') === 'inet' ? 4 : one('addressfamily') === 'inet6' ? 6 : 0,
    unknownKeys:
      strict === 'true' || strict === 'yes'
        ? 'refuse'
        : ['accept-new', 'false', 'no', 'off'].includes(strict)
          ? 'add'
          : 'ask',
    hashKnownHosts: one('hashknownhosts') === 'yes',
    knownHosts: ['userknownhostsfile', 'globalknownhostsfile'].flatMap((name) =>
      one(name)
        .split(' ')
        .filter((path) => path !== '' && path !== 'none' && path !== '/dev/null')
        .map(untilde),
    ),
    identityFiles: all('identityfile')
      .filter((path) => path !== 'none')
      .map(untilde),
    identitiesOnly: one('identitiesonly') === 'yes',
    ...(socket !== undefined && socket !== '' && { agent: socket }),
    password: one('passwordauthentication') !== 'no' && one('batchmode') !== 'yes',
    keyboard: one('kbdinteractiveauthentication') !== 'no' && one('batchmode') !== 'yes',
    jumps: all('proxyjump')
      .filter((value) => value !== 'none')
      .flatMap((value) => value.split(','))
      .map(readJump),
    ...(command !== undefined && {
      proxyCommand: command.replace(/%([hprn%])/g, (_, token: string) => tokens[token] ?? ''),
    }),
    connectSeconds: seconds('connecttimeout') || CONNECT_SECONDS,
    aliveSeconds: seconds('serveraliveinterval') || 15,
    aliveCount: seconds('serveralivecountmax') || 3,
  }
}

/** One machine of `ProxyJump`: `[user@]host[:port]`, or `ssh://` and that. */
function readJump(value: string): Destination {
  const [, user, host = '', port] = /^(?:ssh:\/\/)?(?:(.*)@)?(.*?)(?::(\d+))?\/?$/.exec(value) ?? []
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    args: [],
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
  }
}

const untilde = (path: string): string => path.replace(/^~(?=\/|$)/, () => homedir()).replace(/%d/g, () => homedir())
