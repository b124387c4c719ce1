import type { Readable } from 'node:stream'

/** The door to a machine: nothing else starts programs there. */
export interface Executor {
  /** Runs a program and waits. A non-zero exit is a result, not an exception; a missing program is `exitCode: 127`. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>
  /**
   * Starts a program that stays as long as its standard input is open, which ends with ov, however ov ends. Comes back when it has written a
   * line; `waiting` is called when that takes a while.
   */
  hold(argv: readonly string[], waiting?: () => void): Promise<Held>
}

/** A program that stays until it is let go. */
export interface Held {
  /** What it said first. */
  readonly line: string
  /** Lets it go, and waits for its end. */
  release(): Promise<void>
}

/** The machine that ov runs on, where somebody may sit. */
export interface LocalExecutor extends Executor {
  /** Runs a program on the operator's own terminal, or whatever the streams are; its exit code. The signal asks it to end. */
  attach(argv: readonly string[], env?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<number>
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array | Readable
  /** Reads the operator's own terminal, for programs that ask something; what they print is still a result. */
  readonly terminal?: boolean
  /** What it prints need not be text: each character of the result is a byte. */
  readonly bytes?: boolean
  readonly cwd?: string
  /** Variables on top of the operator's. Never a secret. */
  readonly env?: Readonly<Record<string, string>>
  /** Hears each line as it comes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  readonly signal?: AbortSignal
  /** For work of minutes: the program ends with ov, even when ov is killed. */
  readonly bound?: boolean
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Time, as the few places that need it see it. */
export interface Clock {
  now(): Date
  sleep(milliseconds: number): Promise<void>
}
