import { isMap, type Document } from 'yaml'
import { writeAtomic } from '../state/atomic.ts'
import { readConfigFile } from '../state/config-file.ts'
import { withLock } from '../state/lock.ts'

/** Where the file keeps values; the name is older than what it holds. (CRED-50) */
const SECTION = 'vnc_passwords'

/** Passwords of VNC servers stand under their bare key, everything else under its service, too. */
const nameOf = (service: string, key: string): string => (service === 'ov/vnc' ? key : `${service}/${key}`)

/** Credentials in `config.yml`: plain text in a file of this user's alone, for machines that have nothing better. (CRED-50) */
export class ConfigFileStore {
  readonly #path: string
  constructor(path: string) {
    this.#path = path
  }

  get(service: string, key: string): Promise<string | undefined> {
    const value = readConfigFile(this.#path).getIn([SECTION, nameOf(service, key)])
    return Promise.resolve(typeof value === 'string' ? value : undefined)
  }

  /** Other values, settings and remarks of the file stay. */
  set(service: string, key: string, value: string): Promise<void> {
    return this.#update((document) => {
      if (!isMap(document.get(SECTION, true))) document.set(SECTION, document.createNode({}))
      document.setIn([SECTION, nameOf(service, key)], value)
    })
  }

  async #update(change: (document: Document) => void): Promise<void> {
    await withLock(
      `${this.#path}.lock`,
      () => {},
      () => {
        const document = readConfigFile(this.#path)
        change(document)
        writeAtomic(this.#path, document.toString({ lineWidth: 0 }), { keep: true })
        return Promise.resolve()
      },
    )
  }
}
