/** A value to compare with. */
export type Scalar = string | number | boolean

/** Operators of {@link Matcher}, and what each compares with. (EVAL-08) */
interface Operators {
  /** It is this. Line breaks at the end of what is seen don't count. */
  readonly equals: Scalar
  /** It is not this. */
  readonly notEquals: Scalar
  /** It has this text in it, or all of these. */
  readonly contains: Scalar | readonly Scalar[]
  /** It has none of these texts in it. */
  readonly notContains: Scalar | readonly Scalar[]
  /** A regular expression finds something in it; `(?i)` in front ignores case. */
  readonly matches: string
  /** A regular expression finds nothing in it. */
  readonly notMatches: string
  /** It is a number below this one. */
  readonly lt: number
  /** It is a number, this one or below. */
  readonly le: number
  /** It is a number above this one. */
  readonly gt: number
  /** It is a number, this one or above. */
  readonly ge: number
}

/**
 * What a value must be like: a scalar means *equals*, in fields called `contains` it means *contains*; a map has exactly one operator. (EVAL-08)
 */
export type Matcher =
  | Scalar
  | {
      [Operator in keyof Operators]: Pick<Operators, Operator> & {
        readonly [Other in Exclude<keyof Operators, Operator>]?: undefined
      }
    }[keyof Operators]

/** One matcher, or several that must all hold. */
export type Matchers = Matcher | readonly Matcher[]

/** A length of time: `'500ms'`, `'10s'`, `'2m'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`

/** Fields that every check takes. (EVAL-07) */
interface CheckCommon {
  /** Name of the check, unique within its section of the image; a deploy replaces or skips it by this name. (EVAL-18, EVAL-23) */
  readonly id?: string
  /** One sentence on what it is for; told when the check fails. */
  readonly description?: string
  /** Report it as skipped, whatever it would find. Default: false. */
  readonly skip?: boolean
  /**
   * `'build'`: it holds in a container that has nothing of a deploy, and `ov eval image` runs it. `'deploy'`: it needs a running deploy.
   * Default: build; in `deployEval` deploy. (EVAL-02)
   */
  readonly scope?: 'build' | 'deploy'
  /** How long one attempt may take. Default: `'30s'`; `'10s'` for `http`. (EVAL-11) */
  readonly timeout?: Duration
  /** Try until it passes, for this long. Default: once. (EVAL-11) */
  readonly eventually?: Duration
  /** Pause between attempts. Default: `'1s'`. (EVAL-11) */
  readonly retryInterval?: Duration
  /**
   * Distro tags of images in which it makes no sense. (EVAL-10)
   * @example eval: [{ package: 'bind9-dnsutils', excludeDistros: ['fedora', 'arch'] }]
   */
  readonly excludeDistros?: readonly string[]
}

/** A file or folder: `{ file: '/usr/bin/rg', mode: '0755' }`. (EVAL-06, EVAL-08) */
export interface FileCheck extends CheckCommon {
  /** Its path. */
  readonly file: string
  /** Whether it is there; a link that leads nowhere is. Default: true. */
  readonly exists?: boolean
  /** Octal mode as text: `'0644'`, `'4755'`. */
  readonly mode?: string
  /** Name or number of its owner. */
  readonly owner?: string
  /** Name or number of its group. */
  readonly groupOf?: string
  /** What it is; links are not followed. */
  readonly filetype?: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket'
  /** What its text must be like; a bare text must be in it. */
  readonly contains?: Matchers
  /** SHA-256 of its content, in hexadecimal. */
  readonly sha256?: string
}

/** A package of the distro: `{ package: 'nginx' }`. (EVAL-09) */
export interface PackageCheck extends CheckCommon {
  /** Its name. */
  readonly package: string
  /** Whether it is installed. Default: true. */
  readonly installed?: boolean
  /** Versions, one of which must be the installed one. */
  readonly versions?: readonly string[]
  /**
   * Its name in certain distros, by distro tag; the image's most specific tag that is here decides. (EVAL-09)
   * @example eval: [{ package: 'valkey', packageMap: { 'debian:12': 'redis-server' } }]
   */
  readonly packageMap?: Readonly<Record<string, string>>
}

/** A service of the image's init: `{ service: 'nginx' }`. Without `running` and `enabled` it must be running. (EVAL-34) */
export interface ServiceCheck extends CheckCommon {
  /** Its name under supervisord or systemd. */
  readonly service: string
  /** Whether it runs. */
  readonly running?: boolean
  /** Whether it is started together with the init. */
  readonly enabled?: boolean
}

/** A TCP port: `{ port: 80 }`. (EVAL-32) */
export interface PortCheck extends CheckCommon {
  /** Its number, as seen in the container. */
  readonly port: number
  /** Whether something listens on it. Default: true, unless `reachable` is given. */
  readonly listening?: boolean
  /** Whether a connection can be made from this machine; only with a running deploy. */
  readonly reachable?: boolean
  /** Address on which it listens. Default: any. */
  readonly ip?: string
}

/** A process: `{ process: 'nginx' }`. (EVAL-33) */
export interface ProcessCheck extends CheckCommon {
  /** Name of its program, without the path. */
  readonly process: string
  /** Whether it runs. Default: true. */
  readonly running?: boolean
}

/** A command: `{ command: 'rg --version', stdout: { contains: 'ripgrep' } }`. */
export interface CommandCheck extends CheckCommon {
  /** Text for `sh -c`, run as the image's user with the image's environment. */
  readonly command: string
  /** Its exit status. Default: 0. */
  readonly exitStatus?: number
  /** What its standard output must be like. */
  readonly stdout?: Matchers
  /** What its standard error must be like. */
  readonly stderr?: Matchers
  /** Run it in the container; false: on this machine, which only happens with a running deploy. Default: true. (EVAL-14) */
  readonly inContainer?: boolean
  /** Leave it running for the checks that follow; it must start, and neither exit status nor output are compared. Default: false. */
  readonly background?: boolean
}

/** An HTTP request: `{ http: 'http://127.0.0.1/', status: 200 }`. With an image it is made in the container, by its curl. (EVAL-35) */
export interface HttpCheck extends CheckCommon {
  /** The URL. */
  readonly http: string
  /** Status of the answer. Default: any from 200 to 399. */
  readonly status?: number
  /** What the body of the answer must be like. */
  readonly body?: Matchers
  /**
   * What the header lines of the answer must be like, each as `name: value` with the name in lower case: one line for which a matcher holds is
   * enough; for one that denies something, all lines must hold.
   * @example eval: [{ http: 'http://127.0.0.1/', headers: { matches: '^content-type: text/html' } }]
   */
  readonly headers?: Matchers
  /** Method of the request. Default: GET. */
  readonly method?: string
  /** Body of the request. */
  readonly requestBody?: string
  /** Take any certificate. Default: false. */
  readonly allowInsecure?: boolean
  /** Stop at the first answer, even when it leads elsewhere. Default: false. */
  readonly noFollowRedirects?: boolean
  /** File in the container with the certificates to trust. Default: those of the system. */
  readonly caFile?: string
}

type Fields<T> = T extends unknown ? keyof T : never
type Every = FileCheck | PackageCheck | ServiceCheck | PortCheck | ProcessCheck | CommandCheck | HttpCheck
/** The check without any field of another verb. */
type Only<T> = T & { readonly [Other in Exclude<Fields<Every>, keyof T>]?: undefined }

/**
 * A check of an image or a deploy that runs it: exactly one verb (`file`, `package`, `service`, `port`, `process`, `command`, `http`), and only
 * what that verb takes. `${USER}`, `${HOME}`, `${UID}`, `${GID}`, `${IMAGE}`, `${DNS}` and `${ACME_EMAIL}` stand for what the image's labels
 * say, everywhere but in matchers; `$${X}` is `${X}` for the shell. (EVAL-01, EVAL-15, EVAL-17)
 */
export type Check =
  | Only<FileCheck>
  | Only<PackageCheck>
  | Only<ServiceCheck>
  | Only<PortCheck>
  | Only<ProcessCheck>
  | Only<CommandCheck>
  | Only<HttpCheck>
