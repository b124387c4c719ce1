const OUT = 1

/**
 * Writes all of a text to standard output (1) or standard error (2), and returns when it is written. Node's own streams take a tenth of its start to
 * load. A reader that goes away early (`ov … | head`) is no failure of ours.
 */
function write(descriptor: 1 | 2, text: string): void {
  const { writeSync } = process.getBuiltinModule('node:fs')
  let rest = Buffer.from(text)
  while (rest.length > 0)
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Somebody who shares the descriptor has asked for it not to wait.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      else if (code === 'EPIPE' && descriptor === OUT) process.exit(0)
      else if (code === 'EPIPE' || code === 'EIO' || code === 'EBADF') return
      else throw error
    }
}

/** Everything that ov says goes through this. */
export const terminal = { write }
