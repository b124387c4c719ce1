import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { main } from '../src/commands/main.ts'
import { terminal } from '../src/commands/write.ts'

/** What a command left behind. */
export interface Outcome {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** The program as it is shipped; another build can be named for work on ov itself. */
const CLI = process.env['OV_TEST_CLI'] ?? join(import.meta.dirname, '../dist/cli.js')

/** A project in a folder of its own that goes away with the test. */
export class Workspace {
  /** Everything of the test is below it: the project, the cache, a home. */
  readonly top: string
  readonly root: string

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.top = mkdtempSync(join(tmpdir(), 'ov-test-'))
    onTestFinished(() => rmSync(this.top, { recursive: true, force: true }))
    this.root = join(this.top, 'project')
    mkdirSync(this.root)
    this.write(files)
  }

  /** Writes files, paths relative to the project. */
  write(files: Readonly<Record<string, string>>): this {
    for (const [path, text] of Object.entries(files)) {
      const target = join(this.root, path)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
    return this
  }

  link(path: string, target: string): this {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    symlinkSync(target, join(this.root, path))
    return this
  }

  remove(path: string): this {
    rmSync(join(this.root, path), { recursive: true, force: true })
    return this
  }

  path(path: string): string {
    return join(this.root, path)
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path))
  }

  /** Files below a folder of the project, sorted. */
  files(folder = '.build'): string[] {
    if (!this.has(folder)) return []
    return readdirSync(join(this.root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.root.length + 1))
      .sort()
  }

  /** Every file of the output with its text, but for the side maps. */
  output(): Record<string, string> {
    return Object.fromEntries(this.files().map((path) => [path, this.read(path)]))
  }

  /** Runs a command in this very process: a change of the source shows at once. */
  async run(...args: string[]): Promise<Outcome> {
    let stdout = ''
    let stderr = ''
    const { env } = process
    const { write } = terminal
    const writeErr = process.stderr.write
    const saved = { ...env }
    const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => [name, process.listeners(name)] as const)
    const from = process.cwd()
    terminal.write = (descriptor, text) => {
      if (descriptor === 1) stdout += text
      else stderr += text
    }
    process.stderr.write = (text: string | Uint8Array) => ((stderr += String(text)), true)
    Object.assign(env, this.environment())
    process.chdir(this.root)
    const { console } = globalThis
    try {
      return { code: await main(args), stdout, stderr }
    } finally {
      Object.defineProperty(globalThis, 'console', { configurable: true, writable: true, value: console })
      terminal.write = write
      process.stderr.write = writeErr
      process.chdir(from)
      for (const name of Object.keys(env)) if (!(name in saved)) delete env[name]
      Object.assign(env, saved)
      for (const [name, listeners] of handlers)
        for (const listener of process.listeners(name)) if (!listeners.includes(listener)) process.off(name, listener)
    }
  }

  /** Runs the shipped program as a process of its own. */
  async cli(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
    // Somebody may be building it anew.
    for (let tries = 0; !existsSync(CLI) && tries < 100; tries++) await sleep(100)
    return new Promise((done) => {
      const child = execFile(
        process.execPath,
        [...(options.node ?? []), CLI, ...args],
        {
          cwd: options.cwd ?? this.root,
          env: { PATH: process.env['PATH'], ...this.environment(), ...options.env },
          maxBuffer: 1 << 28,
        },
        (error, stdout, stderr) => {
          done({ code: error === null ? 0 : (error.signal ?? Number(error.code)), stdout, stderr })
        },
      )
      if (options.input !== undefined) child.stdin?.end(options.input)
      options.started?.((signal) => child.kill(signal))
    })
  }

  environment(): Record<string, string> {
    return { XDG_CACHE_HOME: join(this.top, 'cache'), HOME: join(this.top, 'home'), NO_COLOR: '1' }
  }
}

export interface CliOptions {
  /** What is piped in. */
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Options of node itself. */
  readonly node?: readonly string[]
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void
}
