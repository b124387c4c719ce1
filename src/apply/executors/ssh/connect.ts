import { spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import { Client, type AuthenticationType, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'
import { DiagnosticError, type Code } from '../../../diagnostics/diagnostic.ts'
import { venueId, type Destination } from '../../../model/destination.ts'
import type { Executor } from '../../executor.ts'
import { algorithmsFor, fingerprint, judge, keyType, knownKeys, remember } from './known-hosts.ts'
import { logins, type Asking } from './login.ts'
import { sshSettings, type SshSettings } from './settings.ts'

/** What a connection needs from here. */
export interface SshTools {
  /** This machine: `ssh` and `ssh-keygen` read what the user has configured. */
  readonly executor: Executor
  readonly agentSocket: string | undefined
  readonly asking: Asking | undefined
  readonly say: (line: string) => void
}

/** A connection, and those that it goes through. */
export interface Connection {
  readonly client: Client
  readonly end: () => void
}

/** Connects as the user's own ssh would: configuration, agent, keys, known hosts, jumps. */
export async function connect(destination: Destination, tools: SshTools): Promise<Connection> {
  const settings = await sshSettings(destination, tools.agentSocket, tools.executor)
  const hops = [...settings.jumps, destination]
  const open: Connection[] = []
  try {
    for (const [index, hop] of hops.entries()) {
      const own = hop === destination ? settings : await sshSettings(hop, tools.agentSocket, tools.executor)
      const before = open.at(-1)
      if (index === 0 && hop !== destination && own.jumps.length + (own.proxyCommand === undefined ? 0 : 1) > 0) {
        // The first of several may have a way of its own.
        open.push(await connect(hop, tools))
        continue
      }
      const through = before ? await forwarded(before, own, hop) : proxied(own)
      open.push(await connectOnce(own, hop, through, tools))
    }
  } catch (error) {
    for (const { end } of open.reverse()) end()
    throw error
  }
  return {
    client: open.at(-1)!.client,
    end: () => {
      for (const { end } of open.reverse()) end()
    },
  }
}

/** What carries a connection, where that is not the network itself. */
interface Carrier {
  readonly stream: Duplex
  readonly end: () => void
}

/** Through the machine before. (ssh_config(5), ProxyJump) */
const forwarded = ({ client }: Connection, { hostname, port }: SshSettings, hop: Destination): Promise<Carrier> =>
  new Promise((done, fail) =>
    client.forwardOut('127.0.0.1', 0, hostname, port, (error, stream) =>
      error
        ? fail(unreachable(hop, `the jump host does not reach ${hostname}:${port}: ${error.message}`))
        : done({ stream, end: () => stream.destroy() }),
    ),
  )

/** Through a program. (ssh_config(5), ProxyCommand) */
function proxied({ proxyCommand }: SshSettings): Carrier | undefined {
  if (proxyCommand === undefined) return undefined
  const child = spawn('sh', ['-c', `exec ${proxyCommand}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  return { stream, end: () => child.kill() }
}

async function connectOnce(
  settings: SshSettings,
  hop: Destination,
  carrier: Carrier | undefined,
  tools: SshTools,
): Promise<Connection> {
  const { hostname, port, user, family, connectSeconds, aliveSeconds, aliveCount } = settings
  const name = `${user}@${hostname}${port === 22 ? '' : `:${port}`}`
  const known = await knownKeys(settings, tools.executor)
  const client = new Client()
  let accepted: readonly AuthenticationType[] | undefined
  let refused: DiagnosticError | undefined
  const methods = logins(settings, name, tools.asking, () => accepted)
  const config: ConnectConfig = {
    ...(carrier ? { sock: carrier.stream } : { host: hostname, port }),
    ...(family === 4 && { forceIPv4: true }),
    ...(family === 6 && { forceIPv6: true }),
    username: user,
    // Asking somebody takes as long as it takes; the time of the network is watched below.
    readyTimeout: 0,
    keepaliveInterval: aliveSeconds * 1000,
    keepaliveCountMax: aliveCount,
    algorithms: {
      serverHostKey: { prepend: algorithmsFor(known) as ServerHostKeyAlgorithm[], append: [], remove: [] },
    },
    hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
      checkKey(key, known, settings, name, tools).then(verify, (error: DiagnosticError) => {
        refused = error
        verify(false)
      })
    },
    authHandler: (left, _partial, next) => {
      accepted = left ?? accepted
      methods.next().then(
        ({ value, done }) => next(done === true ? (false as never) : value),
        (error: DiagnosticError) => {
          refused = error
          next(false as never)
        },
      )
    },
  }
  try {
    await new Promise<void>((ready, fail) => {
      const patience = setTimeout(
        () => fail(new Error(`no answer within ${connectSeconds} seconds`)),
        connectSeconds * 1000,
      )
      client
        .once('handshake', () => clearTimeout(patience))
        // Many small messages, each waited for: held back, every one of them takes 40 ms and more.
        .once('connect', () => client.setNoDelay(true))
        .once('ready', ready)
        .once('error', fail)
        .once('close', () => fail(new Error('the connection was closed')))
      client.once('close', () => clearTimeout(patience)).once('error', () => clearTimeout(patience))
      client.connect(config)
    })
  } catch (error) {
    client.on('error', () => {})
    client.end()
    carrier?.end()
    if (refused) throw refused
    const { message, level } = error as Error & { level?: string }
    if (level === 'client-authentication')
      throw problem(
        'OV5044',
        `${name} lets nobody in with what there is here${accepted ? ` (it takes ${accepted.join(', ')})` : ''}`,
        tools.asking
          ? `see that ssh ${hop.host} works, or name a key: sshArgs: ['-i', FILE]`
          : `there is no terminal to ask for a password on; load a key into the agent, or name one: sshArgs: ['-i', FILE]`,
      )
    throw unreachable(hop, message)
  }
  client.on('error', () => {})
  return {
    client,
    end: () => {
      client.end()
      carrier?.end()
    },
  }
}

/** The key must be one that is known. */
async function checkKey(
  key: Buffer,
  known: Awaited<ReturnType<typeof knownKeys>>,
  settings: SshSettings,
  name: string,
  { asking, say }: SshTools,
): Promise<boolean> {
  const verdict = judge(key, known)
  const shown = `${keyType(key)} ${fingerprint(key)}`
  switch (verdict.kind) {
    case 'known':
      return true
    case 'revoked':
      throw problem('OV5045', `${name} shows a key that ${verdict.place} revokes (${shown})`, 'do not connect to it')
    case 'changed':
      throw problem(
        'OV5045',
        `${name} shows another key than before (${shown}; known: ${verdict.place})`,
        `somebody may sit in between; when the machine was made anew, forget the old key: ssh-keygen -R '${settings.alias}'`,
      )
    case 'unknown': {
      const unknown = (remedy: string) => problem('OV5045', `the key of ${name} is not known (${shown})`, remedy)
      const byHand = `compare it on that machine (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then connect once with ssh, which keeps it`
      if (settings.unknownKeys === 'refuse') throw unknown(byHand)
      if (settings.unknownKeys === 'ask') {
        if (!asking) throw unknown(byHand)
        if (!(await asking.confirm(`${name} is not known yet. Its key: ${shown}. Is that the one?`)))
          throw unknown('nothing was changed')
      }
      const file = await remember(key, settings)
      say(`${name}: its key is known from now on${file === undefined ? '' : ` (${file})`}`)
      return true
    }
  }
}

const unreachable = (hop: Destination, why: string): DiagnosticError =>
  problem(
    'OV5044',
    `${venueId(hop)} can't be reached: ${why}`,
    `see what ssh ${hop.host} says; nothing was changed there`,
  )

const problem = (code: Code, message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code, severity: 'error', message, remedy }])
