import { randomBytes } from 'node:crypto'
import { byName, splitCredential, type Credential } from './store.ts'

/** A text that is encrypted once more inside of the file, and in memory. */
interface ProtectedText {
  getText(): string
  clone(): ProtectedText
}

/** What of the parser's nodes is used here; its own types are those of browsers. */
export interface XmlNode {
  /** Elements have one. */
  readonly tagName?: string
  /** Texts have none. */
  readonly childNodes: ArrayLike<XmlNode> | null
  readonly parentNode: XmlNode | null
  readonly ownerDocument: { createElement(tagName: string): XmlNode }
  textContent: string | null
  /** Stands for `textContent` where an element is protected. */
  protectedValue?: ProtectedText | undefined
  appendChild(node: XmlNode): void
  removeChild(node: XmlNode): void
  cloneNode(deep: boolean): XmlNode
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
}

interface TreeOptions {
  readonly protect: (text: string) => ProtectedText
  /** The time now, as this version of the format writes it. */
  readonly now: () => string
}

/** A new element: its name, and what it holds. */
type Shape = readonly [tagName: string, content?: string | ProtectedText | readonly Shape[]]

const NO_ID = Buffer.alloc(16).toString('base64')
const FOLDER_ICON = '48'

/**
 * Credentials in the XML of a KeePass file: groups `ov` and `enc`, below them an entry whose title is the key, with the value as its password. (CRED-41)
 * Elements are changed one by one, and all others stay: a model of the whole file would lose what it does not know.
 */
export class KdbxTree {
  readonly #file: XmlNode
  readonly #root: XmlNode
  readonly #options: TreeOptions

  /** Undefined for XML that is not a KeePass file's. */
  static of(file: XmlNode | undefined, options: TreeOptions): KdbxTree | undefined {
    const root = child(child(file, 'Root'), 'Group')
    return file && root && new KdbxTree(file, root, options)
  }

  private constructor(file: XmlNode, root: XmlNode, options: TreeOptions) {
    this.#file = file
    this.#root = root
    this.#options = options
  }

  get(service: string, key: string): string | undefined {
    const [entry] = this.#entries(service, key)
    const password = field(entry, 'Password')
    return password && textOf(password)
  }

  /** The value before goes to the entry's history. Comes back with whether anything had to be changed. (CRED-45) */
  set(service: string, key: string, value: string): boolean {
    const [entry] = this.#entries(service, key)
    if (!entry) {
      const group = this.#groups(service)[0] ?? this.#makeGroups(service)
      append(group, this.#newEntry(key, value))
      return true
    }
    const password = field(entry, 'Password')
    if (password && textOf(password) === value) return false
    this.#remember(entry)
    if (password) fill(password, this.#options.protect(value))
    else append(entry, text('Password', this.#options.protect(value)))
    const times = ensure(entry, 'Times')
    for (const name of ['LastModificationTime', 'LastAccessTime']) fill(ensure(times, name), this.#options.now())
    return true
  }

  /** For good, not into the recycle bin. (CRED-45) */
  delete(service: string, key: string): boolean {
    const entries = this.#entries(service, key)
    const gone = entries.map((entry): Shape => [
      'DeletedObject',
      [
        ['UUID', textOf(child(entry, 'UUID'))],
        ['DeletionTime', this.#options.now()],
      ],
    ])
    for (const entry of entries) entry.parentNode?.removeChild(entry)
    // Tells copies of this file elsewhere, when they are merged, that it is meant.
    if (gone.length > 0) append(ensure(ensure(this.#file, 'Root'), 'DeletedObjects'), ...gone)
    return gone.length > 0
  }

  list(): readonly Credential[] {
    const names = this.#groups('ov')
      .flatMap((group) => this.#groupsIn(group))
      .flatMap((group) =>
        children(group, 'Entry').map((entry) => `ov/${textOf(child(group, 'Name'))}/${textOf(field(entry, 'Title'))}`),
      )
    return [...new Set(names)].flatMap((name) => splitCredential(name) ?? []).sort(byName)
  }

  /** All of that path: KeePass allows groups of one name beside each other. */
  #groups(path: string): readonly XmlNode[] {
    return path
      .split('/')
      .reduce<readonly XmlNode[]>(
        (level, name) =>
          level.flatMap((group) => this.#groupsIn(group)).filter((group) => textOf(child(group, 'Name')) === name),
        [this.#root],
      )
  }

  /** What is in the recycle bin was thrown away. */
  #groupsIn(group: XmlNode): readonly XmlNode[] {
    const bin = textOf(child(child(this.#file, 'Meta'), 'RecycleBinUUID')).trim()
    return children(group, 'Group').filter((one) => bin === '' || textOf(child(one, 'UUID')).trim() !== bin)
  }

  #entries(service: string, key: string): readonly XmlNode[] {
    return this.#groups(service)
      .flatMap((group) => children(group, 'Entry'))
      .filter((entry) => textOf(field(entry, 'Title')) === key)
  }

  #makeGroups(path: string): XmlNode {
    return path.split('/').reduce((group, name, index, names) => {
      const [there] = this.#groups(names.slice(0, index + 1).join('/'))
      return there ?? append(group, this.#newGroup(name))
    }, this.#root)
  }

  /** Puts a copy of an entry into its history, which is as long as the file says. */
  #remember(entry: XmlNode): void {
    const history = ensure(entry, 'History')
    const before = entry.cloneNode(false)
    for (const node of contentOf(entry)) if (node !== history) before.appendChild(copy(node))
    history.appendChild(before)
    const most = textOf(child(child(this.#file, 'Meta'), 'HistoryMaxItems')).trim()
    if (!/^\d+$/.test(most)) return
    const all = children(history, 'Entry')
    for (const old of all.slice(0, Math.max(0, all.length - Number(most)))) history.removeChild(old)
  }

  #newGroup(name: string): Shape {
    return [
      'Group',
      [
        ['UUID', newId()],
        ['Name', name],
        ['Notes'],
        ['IconID', FOLDER_ICON],
        this.#newTimes(),
        ['IsExpanded', 'True'],
        ['DefaultAutoTypeSequence'],
        ['EnableAutoType', 'null'],
        ['EnableSearching', 'null'],
        ['LastTopVisibleEntry', NO_ID],
      ],
    ]
  }

  #newEntry(title: string, password: string): Shape {
    return [
      'Entry',
      [
        ['UUID', newId()],
        ['IconID', '0'],
        ['ForegroundColor'],
        ['BackgroundColor'],
        ['OverrideURL'],
        ['Tags'],
        this.#newTimes(),
        text('Title', title),
        text('UserName', ''),
        text('Password', this.#options.protect(password)),
        text('URL', ''),
        text('Notes', ''),
        [
          'AutoType',
          [
            ['Enabled', 'True'],
            ['DataTransferObfuscation', '0'],
          ],
        ],
        ['History'],
      ],
    ]
  }

  #newTimes(): Shape {
    const now = this.#options.now()
    return [
      'Times',
      [
        ['CreationTime', now],
        ['LastModificationTime', now],
        ['LastAccessTime', now],
        ['ExpiryTime', now],
        ['Expires', 'False'],
        ['UsageCount', '0'],
        ['LocationChanged', now],
      ],
    ]
  }
}

const newId = (): string => randomBytes(16).toString('base64')

/** A field of an entry. */
const text = (name: string, value: string | ProtectedText): Shape => [
  'String',
  [
    ['Key', name],
    ['Value', value],
  ],
]

/** What is in an element now: the parser's own list changes with it. */
export const contentOf = (node: XmlNode): readonly XmlNode[] => Array.from(node.childNodes ?? [])

const children = (node: XmlNode | undefined, tagName: string): readonly XmlNode[] =>
  node ? contentOf(node).filter((one) => one.tagName === tagName) : []

const child = (node: XmlNode | undefined, tagName: string): XmlNode | undefined => children(node, tagName)[0]

const textOf = (node: XmlNode | undefined): string => node?.protectedValue?.getText() ?? node?.textContent ?? ''

/** The element that has the value of a field. */
const field = (entry: XmlNode | undefined, name: string): XmlNode | undefined =>
  child(
    children(entry, 'String').find((one) => textOf(child(one, 'Key')) === name),
    'Value',
  )

const ensure = (node: XmlNode, tagName: string): XmlNode => child(node, tagName) ?? append(node, [tagName])

/** Makes elements; comes back with the last one. */
function append(node: XmlNode, ...shapes: readonly Shape[]): XmlNode {
  let made = node
  for (const [tagName, content] of shapes) {
    made = node.ownerDocument.createElement(tagName)
    if (typeof content === 'object' && !('getText' in content)) append(made, ...content)
    else if (content !== undefined) fill(made, content)
    node.appendChild(made)
  }
  return made
}

function fill(node: XmlNode, content: string | ProtectedText): void {
  if (typeof content === 'string') {
    node.textContent = content
    return
  }
  node.protectedValue = content
  node.setAttribute('Protected', 'True')
}

/** Copies what the parser's own way leaves out: what is protected. */
function copy(node: XmlNode): XmlNode {
  const made = node.cloneNode(false)
  if (node.protectedValue) made.protectedValue = node.protectedValue.clone()
  for (const one of contentOf(node)) made.appendChild(copy(one))
  return made
}
