/** A place where credentials are kept. A credential is `<service>/<key>`: a service such as `ov/enc`, a key without a slash. (CRED-01, CRED-03) */
export interface CredentialStore {
  readonly name: StoreName
  /** Whether it can be asked at all, without asking the user for anything. A store that is locked can be asked. */
  probe(): Promise<boolean>
  /** Its value; undefined when the store was searched and has none. Throws `StoreProblem` when it could not be searched. */
  get(service: string, key: string): Promise<string | undefined>
  set(service: string, key: string, value: string): Promise<void>
  /** Removes it; one that is not there is fine. */
  delete(service: string, key: string): Promise<void>
  /** What it has, sorted; of one service, or of all that begin with `ov/`. */
  list(service?: string): Promise<readonly Credential[]>
}

export type StoreName = 'keyring' | 'kdbx' | 'config'

/** Which credential, never its value. */
export interface Credential {
  readonly service: string
  readonly key: string
}

/**
 * A store that could not be asked: `locked` waits for the user and may have the value, `unavailable` does not work (no bus, broken collections,
 * a file that can't be read). Neither means that there is no value: nothing may be made up in its place. (CRED-12, CRED-26)
 */
export class StoreProblem extends Error {
  readonly kind: 'locked' | 'unavailable'
  /** What the user can do. */
  readonly remedy: string | undefined
  constructor(kind: 'locked' | 'unavailable', message: string, remedy?: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.remedy = remedy
  }
}

/** `ov/api-key/openrouter` → service `ov/api-key`, key `openrouter`: the service has two segments, wherever a name is split. (CRED-02) */
export function splitCredential(name: string): Credential | undefined {
  const [, service, key] = /^(ov\/[a-z0-9][a-z0-9-]*)\/([^/]+)$/.exec(name) ?? []
  return service === undefined || key === undefined ? undefined : { service, key }
}

/** `ov/enc/immich` */
export const credentialName = ({ service, key }: Credential): string => `${service}/${key}`

/** The order in which credentials are listed. */
export const byName = (a: Credential, b: Credential): number => {
  const [first, second] = [credentialName(a), credentialName(b)]
  return first < second ? -1 : first > second ? 1 : 0
}
