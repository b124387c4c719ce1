import { pipeline } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { quoteSingle } from '../../../format/index.ts'
import { venueId, type Destination } from '../../../model/destination.ts'
import type { Executor, Held, RunOptions, RunResult } from '../../executor.ts'
import { eachLine, held } from '../local.ts'
import { connect, type Connection, type SshTools } from './connect.ts'

export type { SshTools } from './connect.ts'
export type { Asking } from './login.ts'

/** Programs at a time on one connection. sshd allows ten. (sshd_config(5), MaxSessions) */
const SESSIONS = 8

/** A machine that is reached over SSH: all programs run over one connection. */
export class SshExecutor implements Executor, AsyncDisposable {
  readonly id: string
  readonly #connection: Connection
  #free = SESSIONS
  readonly #waiting: (() => void)[] = []
  #lost = false

  private constructor(id: string, connection: Connection) {
    this.id = id
    this.#connection = connection
    connection.client.once('close', () => (this.#lost = true))
  }

  static async connect(destination: Destination, tools: SshTools): Promise<SshExecutor> {
    return new SshExecutor(venueId(destination), await connect(destination, tools))
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { stdin, bytes = false, onLine, signal } = options
    signal?.throwIfAborted()
    await this.#session()
    try {
      const { channel, end } = await this.#open(commandLine(argv, options))
      const texts = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
      for (const name of ['stdout', 'stderr'] as const) {
        const stream = name === 'stdout' ? channel : channel.stderr
        stream.on('data', (chunk: Buffer) => texts[name].push(chunk))
        if (onLine) eachLine(stream, (line) => onLine(line, name))
      }
      const stop = () => channel.signal('TERM')
      signal?.addEventListener('abort', stop, { once: true })
      if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) channel.end(stdin)
      // A program that reads no further is no error of ov; what it made of it is in its exit code.
      else pipeline(stdin, channel, () => {})
      const exitCode = await end
      signal?.removeEventListener('abort', stop)
      signal?.throwIfAborted()
      const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString(bytes ? 'latin1' : 'utf8')
      return { exitCode, stdout: text(texts.stdout), stderr: text(texts.stderr) }
    } finally {
      this.#release()
    }
  }

  async hold(argv: readonly string[], waiting?: () => void): Promise<Held> {
    await this.#session()
    try {
      const { channel, end } = await this.#open(commandLine(argv, {}))
      const streams = { stdin: channel, stdout: channel, stderr: channel.stderr, end }
      const { line, release } = await held(streams, argv[0] ?? '', waiting)
      return { line, release: () => release().finally(() => this.#release()) }
    } catch (error) {
      this.#release()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost) return
    const closed = new Promise<void>((done) => this.#connection.client.once('close', () => done()))
    this.#connection.end()
    await Promise.race([closed, new Promise((done) => setTimeout(done, 1000).unref())])
  }

  async #session(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((done) => this.#waiting.push(done))
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }

  #open(command: string): Promise<{ readonly channel: ClientChannel; readonly end: Promise<number> }> {
    if (this.#lost) return Promise.reject(this.#gone())
    return new Promise((done, fail) => {
      const lost = () => fail(this.#gone())
      this.#connection.client.once('close', lost)
      try {
        this.#connection.client.exec(command, (error, channel) => {
          this.#connection.client.off('close', lost)
          if (error) {
            fail(this.#lost ? this.#gone() : this.#refuses(error))
            return
          }
          // At once: a program that ends soon may have ended before anybody who waits for the channel gets to run.
          const end = this.#ended(channel)
          // Whoever waits for it hears of a lost connection; nobody else does.
          end.catch(() => {})
          done({ channel, end })
        })
      } catch {
        lost()
      }
    })
  }

  /** Its exit code, when all it wrote has come. A channel that ends without one ended with the connection. */
  #ended(channel: ClientChannel): Promise<number> {
    return new Promise((done, fail) => {
      let code: number | undefined
      channel.once('exit', (exit: number | null) => (code = exit ?? 128))
      channel.once('close', () => (code === undefined ? fail(this.#gone()) : done(code)))
      channel.on('error', () => {})
    })
  }

  #gone(): DiagnosticError {
    return new DiagnosticError([
      {
        code: 'OV5046',
        severity: 'error',
        message: `the connection to ${this.id} was lost`,
        remedy:
          'a step that had begun runs to its end there; run the same command again, and it goes on where this one ended',
      },
    ])
  }

  #refuses({ message }: Error): DiagnosticError {
    return new DiagnosticError([
      {
        code: 'OV5044',
        severity: 'error',
        message: `${this.id} refuses to run programs: ${message}`,
        remedy: 'see that ssh can run commands there, and that MaxSessions of its sshd is at least 8',
      },
    ])
  }
}

/**
 * A command line for whatever shell the account has: what it has to read are a few words that mean the same to all of them, and sh reads the rest.
 */
export function commandLine(argv: readonly string[], { cwd, env }: Pick<RunOptions, 'cwd' | 'env'>): string {
  const words = Object.entries(env ?? {}).map(([name, value]) => `${name}=${quoteSingle(value)}`)
  const line = [
    ...(cwd === undefined ? [] : [`cd -- ${quoteSingle(cwd)} &&`]),
    'exec',
    ...(words.length > 0 ? ['env', ...words] : []),
    ...argv.map(quoteSingle),
  ].join(' ')
  return `sh -c 'eval "$(printf %s ${Buffer.from(line).toString('base64')} | base64 -d)"'`
}
