import { isSeq } from 'yaml'
import { readConfigFile, updateConfigFile } from '../state/config-file.ts'

const SECTION = 'keyring_keys'

/** Names of what the keyring has, kept in `config.yml`: a keyring that is locked or gone can't be asked for them. (CRED-32) */
export class ShadowIndex {
  readonly #path: string
  constructor(path: string) {
    this.#path = path
  }

  /** `service/key`, sorted, each once. */
  names(): readonly string[] {
    const list = readConfigFile(this.#path).get(SECTION)
    return isSeq(list) ? [...new Set(list.items.map(String))].sort() : []
  }

  async add(name: string): Promise<void> {
    const before = this.names()
    if (!before.includes(name)) await this.#write([...before, name])
  }

  async remove(...names: readonly string[]): Promise<void> {
    const before = this.names()
    if (names.some((name) => before.includes(name))) await this.#write(before.filter((name) => !names.includes(name)))
  }

  async #write(names: readonly string[]): Promise<void> {
    await updateConfigFile(this.#path, (document) => {
      if (names.length === 0) document.delete(SECTION)
      else document.set(SECTION, document.createNode([...new Set(names)].sort()))
    })
  }
}
