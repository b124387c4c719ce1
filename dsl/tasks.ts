import { callSite, ORIGIN } from './origin.ts'

/**
 * Who a task runs as: omitted, `'root'` or `'0'` is root; `'${USER}'` the image's user; a name (`'immich'`, which an earlier
 * root `cmd` must have created); a uid (`'500'`) or `'uid:gid'` (`'1010:1010'`). (LAY-36)
 */
export type TaskUser = string

interface Commented {
  /** A remark, written as `# …` above the directive. (LAY-12) */
  readonly comment?: string
}

/** Options of {@link cmd}. */
export interface CmdOptions extends Commented {
  /** Who runs it. Default: root. */
  readonly user?: TaskUser
  /** Directories to mount as build caches: absolute, `~/…` or `${HOME}…`. ov only mounts them, the script uses them. (LAY-27) */
  readonly cache?: readonly string[]
  /**
   * Variables exported for this script only. They stay out of the image. A leading `~/` and `${USER}`, `${UID}`, `${GID}`, `${HOME}` become those of
   * the image's account, which a script has no other way to know. Not for secrets: the text is in the Containerfile. (LAY-14, LAY-30)
   * @example cmd('chown -R "$OWNER" /srv/app', { env: { OWNER: '${UID}:${GID}' } })
   */
  readonly env?: Readonly<Record<string, string>>
}
/** A shell script run by bash: `{ cmd: 'make install' }`. (LAY-13) */
export interface CmdTask extends CmdOptions {
  /** The script. */
  readonly cmd: string
}

/** Options of {@link mkdir}. */
export interface MkdirOptions extends Commented {
  /** Owner of the new directory. Default: root. */
  readonly user?: TaskUser
  /** Octal mode as text, `'0750'`. Default: no chmod. (LAY-15, LAY-42) */
  readonly mode?: string
}
/** A directory with its parents: `{ mkdir: '/etc/demo' }`. (LAY-15) */
export interface MkdirTask extends MkdirOptions {
  /** The directory. */
  readonly mkdir: string
}

/** Options of {@link copy}. */
export interface CopyOptions extends Commented {
  /** Destination in the image: absolute, `~/…` or `${HOME}…`. */
  readonly to: string
  /** Owner. Default: root. */
  readonly user?: TaskUser
  /** Octal mode as text. Default: `'0755'`. */
  readonly mode?: string
}
/** A file or directory of the layer, copied into the image: `{ copy: 'demo.yml', to: '/etc/demo.yml' }`. (LAY-16) */
export interface CopyTask extends CopyOptions {
  /** Source: a file or directory of the layer. */
  readonly copy: string
}

/** Options of {@link write}. */
export interface WriteOptions extends Commented {
  /** The bytes of the file, as text. Nothing in it is substituted. Must not be empty. (LAY-17) */
  readonly content: string
  /** Owner. Default: root. */
  readonly user?: TaskUser
  /** Octal mode as text. Default: `'0644'`. */
  readonly mode?: string
}
/** A file with the given content: `{ write: '/etc/motd', content: 'hi\n' }`. (LAY-17) */
export interface WriteTask extends WriteOptions {
  /** Destination: the file to write. */
  readonly write: string
}

/** Options of {@link link}. */
export interface LinkOptions extends Commented {
  /** What the link points at; may be relative to the link's directory. */
  readonly target: string
  /** Owner. Default: root. */
  readonly user?: TaskUser
}
/** A symbolic link: `{ link: '/usr/bin/vi', target: 'vim' }`. (LAY-18) */
export interface LinkTask extends LinkOptions {
  /** Where the link lives. */
  readonly link: string
}

/** How a download is unpacked. */
export type Extract = NonNullable<DownloadOptions['extract']>

/** Options of {@link download}. */
export interface DownloadOptions extends Commented {
  /** Destination: a file for `none`, a directory for archives. Required unless `extract` is `'sh'`. */
  readonly to?: string
  /** How it is unpacked. Default: `'none'`, whatever the URL ends in. (LAY-21) */
  readonly extract?: 'none' | 'tar.gz' | 'tar.xz' | 'tar.zst' | 'zip' | 'sh'
  /** Members to take out of an archive; all when omitted. */
  readonly include?: readonly string[]
  /** Leading path components to drop from a tar's members, 1 or more. */
  readonly stripComponents?: number
  /** Octal mode for the file, or for the `include`d members. (LAY-23) */
  readonly mode?: string
  /** Who runs it. Default: root. */
  readonly user?: TaskUser
  /** Variables for the download and for an installer script (`extract: 'sh'`). The account's names are filled in as in {@link CmdOptions}. */
  readonly env?: Readonly<Record<string, string>>
  /** Further build caches to mount. (LAY-27) */
  readonly cache?: readonly string[]
  /**
   * What the file must be: `'sha256:…'`, or `'lock'` for the checksum that `ov lock` writes to `ov.lock`, one per architecture where the URL
   * depends on it. A file that is another one fails the build. Default: not checked.
   * @example download('https://example.org/tool', { to: '/usr/local/bin/tool', mode: '0755', checksum: 'lock' })
   */
  readonly checksum?: 'lock' | `sha256:${string}`
  /** Paths that undoing the layer on a host removes instead of `to`. */
  readonly uninstall?: readonly string[]
}
/** A file fetched by URL, once, through the build's download cache: `{ download: 'https://…', to: '/opt/x' }`. (LAY-19) */
export interface DownloadTask extends DownloadOptions {
  /** The URL. */
  readonly download: string
}

/** Options of {@link setcap}. */
export interface SetcapOptions extends Commented {
  /** Capabilities such as `'cap_net_bind_service+ep'`; an empty text strips all. (LAY-25, capabilities(7)) */
  readonly caps?: string
  /** Only root can set capabilities; anything else is an error. */
  readonly user?: 'root' | '0'
}
/** File capabilities: `{ setcap: '/usr/bin/ping', caps: 'cap_net_raw+ep' }`. (LAY-25) */
export interface SetcapTask extends SetcapOptions {
  /** The program file. */
  readonly setcap: string
}

/** Options of {@link build}. */
export interface BuildOptions extends Commented {
  /** Who builds. Default: the image's user. */
  readonly user?: TaskUser
}
/** The layer's inline builders (cargo), at this point of the task list: `{ build: 'all' }`. (LAY-26) */
export interface BuildTask extends BuildOptions {
  /** Which builders to run: all. */
  readonly build: 'all'
}

type Verb = 'cmd' | 'mkdir' | 'copy' | 'write' | 'link' | 'download' | 'setcap' | 'build'
/** The task without any other verb, so that the options of one verb cannot stand beside another. */
type Only<T> = T & { readonly [Other in Exclude<Verb, keyof T>]?: undefined }

/** One step of a layer. Exactly one verb each; write it with a verb function or as the plain object. (LAY-11) */
export type Task =
  | Only<CmdTask>
  | Only<MkdirTask>
  | Only<CopyTask>
  | Only<WriteTask>
  | Only<LinkTask>
  | Only<DownloadTask>
  | Only<SetcapTask>
  | Only<BuildTask>

function task<T extends object>(verb: (...args: never[]) => unknown, fields: T): T {
  return { ...fields, [ORIGIN]: callSite(verb) }
}

/**
 * Runs a shell script while the image is built. The text reaches bash byte for byte, after `BUILD_ARCH=$(uname -m)` and
 * `set -e`; one task is one shell. The layer's files are under `/ctx`, read-only. (LAY-13, LAY-14)
 * @example cmd('make -C /ctx install PREFIX=/usr/local')
 * @example cmd('npm ci', { user: '${USER}', cache: ['~/.npm'] })
 */
export function cmd(script: string, options: CmdOptions = {}): CmdTask {
  return task(cmd, { cmd: script, ...options })
}

/**
 * Makes a directory and its parents. (LAY-15)
 * @example mkdir('/var/lib/demo', { mode: '0750', user: '${USER}' })
 */
export function mkdir(path: string, options: MkdirOptions = {}): MkdirTask {
  return task(mkdir, { mkdir: path, ...options })
}

/**
 * Copies a file or directory of the layer into the image. The source is relative to the layer's directory (or to the
 * declaring file), without `..`; missing parents of the destination are made. (LAY-16, LAY-40)
 * @example copy('demo.yml', { to: '/etc/demo/demo.yml', mode: '0644' })
 */
export function copy(source: string, options: CopyOptions): CopyTask {
  return task(copy, { copy: source, ...options })
}

/**
 * Writes a file. The content is delivered byte for byte: no substitution, no quoting to think of. (LAY-17)
 * @example write('/etc/motd', { content: 'welcome\n' })
 */
export function write(destination: string, options: WriteOptions): WriteTask {
  return task(write, { write: destination, ...options })
}

/**
 * Makes a symbolic link. (LAY-18)
 * @example link('/usr/local/bin/vi', { target: 'nvim' })
 */
export function link(path: string, options: LinkOptions): LinkTask {
  return task(link, { link: path, ...options })
}

/**
 * Fetches a URL once (kept in a build cache under the hash of its address) and unpacks it. `${ARCH}` is amd64, arm64, …;
 * `${BUILD_ARCH}` is x86_64, aarch64, …; the layer's `vars` are known too. (LAY-19 to LAY-24)
 * @example download('https://example.org/demo_${ARCH}.tar.gz', { extract: 'tar.gz', to: '/usr/local/bin', include: ['demo'] })
 */
export function download(url: string, options: DownloadOptions = {}): DownloadTask {
  return task(download, { download: url, ...options })
}

/**
 * Sets file capabilities, or strips them when `caps` is left out. Always root. (LAY-25)
 * @example setcap('/usr/local/bin/caddy', { caps: 'cap_net_bind_service+ep' })
 */
export function setcap(file: string, options: SetcapOptions = {}): SetcapTask {
  return task(setcap, { setcap: file, ...options })
}

/**
 * Runs the layer's inline builders here instead of after its last task. At most once in a layer. (LAY-26)
 * @example tasks: [write('/etc/build.conf', { content: 'x\n' }), build(), cmd('strip ~/.cargo/bin/*', { user: '${USER}' })]
 */
export function build(options: BuildOptions = {}): BuildTask {
  return task(build, { build: 'all', ...options })
}
