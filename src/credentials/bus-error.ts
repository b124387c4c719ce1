/** Names that D-Bus itself has for what fails on the way. */
export const NO_SERVER = 'org.freedesktop.DBus.Error.NoServer'
export const BAD_ADDRESS = 'org.freedesktop.DBus.Error.BadAddress'
export const DISCONNECTED = 'org.freedesktop.DBus.Error.Disconnected'
export const TIMEOUT = 'org.freedesktop.DBus.Error.Timeout'
export const INVALID_ARGS = 'org.freedesktop.DBus.Error.InvalidArgs'
const MALFORMED = 'org.freedesktop.DBus.Error.InconsistentMessage'

/** What went wrong with a call: the error that was answered, or one of D-Bus's own for what never came to an answer. (CRED-21, CRED-34) */
export class BusError extends Error {
  override readonly name = 'BusError'
  /** Its name on D-Bus, e.g. `org.freedesktop.Secret.Error.IsLocked`. */
  readonly errorName: string

  constructor(errorName: string, message: string) {
    super(oneLine(message))
    this.errorName = errorName
  }
}

/** The error that a peer answered with. */
export function answeredError(errorName: string, text: string): BusError {
  const said = oneLine(text)
  return new BusError(errorName, said === '' ? errorName : `${said.slice(0, 200)} (${errorName})`)
}

/** An answer that is not what the protocol says. */
export const malformedReply = (member: string, expected: string): BusError =>
  new BusError(MALFORMED, `the answer to ${member} is not ${expected}`)

/** Others wrote it: it must not steer a terminal. */
export const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()

/** For `catch`: a call that failed is one without a result; whatever else is thrown is a bug. */
export function orNothing(error: unknown): undefined {
  if (!(error instanceof BusError)) throw error
}
