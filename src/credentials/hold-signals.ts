const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Does work that a signal must not cut in two, such as replacing a file by way of a temporary one; a signal that comes meanwhile ends ov after it. (CRED-45) */
export async function holdSignals<T>(work: () => T): Promise<T> {
  let came: NodeJS.Signals | undefined
  const note = (signal: NodeJS.Signals) => void (came ??= signal)
  for (const signal of SIGNALS) process.on(signal, note)
  try {
    return work()
  } finally {
    // Node tells of signals between two turns of its loop.
    await new Promise((told) => setImmediate(told))
    for (const signal of SIGNALS) process.off(signal, note)
    // With other listeners there is somebody who knows what to do, and has been told.
    if (came && process.listenerCount(came) === 0) process.kill(process.pid, came)
  }
}
