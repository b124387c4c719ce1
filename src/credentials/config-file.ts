import { statSync } from 'node:fs'
import { isMap, isScalar, type Document } from 'yaml'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readConfigFile, textAt, updateConfigFile } from '../state/config-file.ts'
import { byName, splitCredential, type Credential, type CredentialStore } from './store.ts'

/** Where the file keeps values; the name is older than what it holds. (CRED-50) */
const SECTION = 'vnc_passwords'

/** Passwords of VNC servers stand under their bare key, everything else under its service, too. */
const nameOf = (service: string, key: string): string => (service === 'ov/vnc' ? key : `${service}/${key}`)

/** Credentials in `config.yml`: plain text in a file of this user's alone, for machines that have nothing better. (CRED-50) */
export class ConfigFileStore implements CredentialStore {
  readonly name = 'config'
  readonly #path: string
  readonly #say: (line: string) => void
  #warned = false

  constructor(path: string, say: (line: string) => void) {
    this.#path = path
    this.#say = say
  }

  probe(): Promise<boolean> {
    return Promise.resolve(true)
  }

  get(service: string, key: string): Promise<string | undefined> {
    return Promise.resolve(textAt(this.#read(), [SECTION, nameOf(service, key)]))
  }

  /** Other values, settings and remarks of the file stay. */
  set(service: string, key: string, value: string): Promise<void> {
    this.#read()
    return updateConfigFile(this.#path, (document) => {
      if (!isMap(document.get(SECTION, true))) document.set(SECTION, document.createNode({}))
      document.setIn([SECTION, nameOf(service, key)], value)
    })
  }

  async delete(service: string, key: string): Promise<void> {
    const place = [SECTION, nameOf(service, key)]
    if (!this.#read().hasIn(place)) return
    await updateConfigFile(this.#path, (document) => void document.deleteIn(place))
  }

  list(service?: string): Promise<readonly Credential[]> {
    const map = this.#read().get(SECTION, true)
    const names = isMap(map) ? map.items.map(({ key }) => String(key)) : []
    const all = names.flatMap((name) => {
      const found = name.includes('/') ? splitCredential(name) : { service: 'ov/vnc', key: name }
      return found && (service === undefined || found.service === service) ? [found] : []
    })
    return Promise.resolve(all.sort(byName))
  }

  #read(): Document {
    const mode = (statSync(this.#path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777
    if ((mode & 0o077) !== 0 && !this.#warned) {
      this.#warned = true
      this.#say(
        `ov: warning: ${this.#path} has mode 0${mode.toString(8)}, and others may read it: chmod 600 ${this.#path}`,
      )
    }
    const document = readConfigFile(this.#path)
    const section: unknown = document.get(SECTION, true)
    // What is no map may hold values all the same: it must not be taken for empty, nor be written over.
    if (section !== undefined && section !== null && !isMap(section) && !(isScalar(section) && section.value === null))
      throw new DiagnosticError([
        {
          code: 'OV6008',
          severity: 'error',
          message: `${SECTION} in ${this.#path} is not a map of names to values`,
          remedy: 'correct it; nothing is read from it or written to it until then',
        },
      ])
    return document
  }
}
