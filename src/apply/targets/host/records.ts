import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { printRecord, readLedger, type DeployRecord, type LayerRecord, type Ledger } from '../../../state/ledger.ts'
import type { Executor } from '../../executor.ts'

/** A ledger that nobody else changes. */
export interface HeldLedger {
  /** Folder of its own on the machine, empty. */
  readonly stage: string
  readonly release: () => Promise<void>
}

/** Stays until its standard input ends: a signal of the terminal is for ov, which may need a moment. */
const HOLD = `
set -e
trap '' INT HUP QUIT TERM
root=$1; shift
(umask 077; mkdir -p -- "$(dirname -- "$root")")
umask 022
mkdir -p -- "$root"
exec 8>>"$root/.lock"
flock 8
flock "$root" true
stage=$(mktemp -d "\${TMPDIR:-/tmp}/ov-stage-XXXXXXXX")
chmod 755 "$stage"
printf '%s\\n' "$stage" || :
cat >/dev/null
flock "$root" rm -rf -- "$stage" 2>/dev/null || "$@" rm -rf -- "$stage"
`

/** The ledger of a machine, on that machine. (HOST-33) */
export class LedgerFiles {
  readonly #executor: Executor
  readonly root: string

  constructor(home: string, executor: Executor) {
    this.root = `${home}/.config/overthink/installed`
    this.#executor = executor
  }

  /**
   * Holds the ledger's lock, and a folder for the files of layers, on that machine; both go with ov, however it ends. A step that outlived an
   * earlier ov is waited for. (HOST-07, HOST-43)
   */
  async hold(waiting: () => void, sudo: readonly string[]): Promise<HeldLedger> {
    const { line, release } = await this.#executor.hold(['sh', '-c', HOLD, 'ov', this.root, ...sudo], waiting)
    return { stage: line, release }
  }

  async read(): Promise<Ledger> {
    const script = `cd "$1" 2>/dev/null || exit 0
for file in deploys/*.json layers/*.json; do [ -e "$file" ] || continue; printf '%s\\t' "$file"; base64 -w0 <"$file"; echo; done`
    const { exitCode, stdout, stderr } = await this.#run(script)
    if (exitCode !== 0) throw unreadable(this.root, stderr)
    const files = stdout.split('\n').flatMap((line) => {
      const [path, content] = line.split('\t')
      return path && content !== undefined ? [[path, Buffer.from(content, 'base64').toString()] as const] : []
    })
    return readLedger(new Map(files), this.root)
  }

  writeLayer(record: LayerRecord): Promise<void> {
    return this.#write(`layers/${record.layer}.json`, printRecord(record))
  }

  writeDeploy(record: DeployRecord): Promise<void> {
    return this.#write(`deploys/${record.deploy_id}.json`, printRecord(record))
  }

  removeLayer(name: string): Promise<void> {
    return this.#remove(`layers/${name}.json`)
  }

  removeDeploy(id: string): Promise<void> {
    return this.#remove(`deploys/${id}.json`)
  }

  /** Readers see the old record or the new one. */
  async #write(path: string, text: string): Promise<void> {
    const script = `umask 022; mkdir -p "$1/deploys" "$1/layers"; part=$(mktemp "$1/.part-XXXXXX") || exit; cat >"$part"
# A connection that is lost ends the text early.
[ "$(wc -c <"$part")" -eq "$3" ] || { rm -f "$part"; echo 'not all of it arrived' >&2; exit 75; }
chmod 644 "$part" && sync "$part" && mv -f "$part" "$1/$2"`
    const { exitCode, stderr } = await this.#run(script, path, text)
    if (exitCode !== 0) throw unreadable(`${this.root}/${path}`, stderr)
  }

  /** What is empty then goes, too: a machine without deploys is as it was. */
  async #remove(path: string): Promise<void> {
    await this.#run('rm -f "$1/$2"; cd "$1" && rmdir --ignore-fail-on-non-empty deploys layers 2>/dev/null; :', path)
  }

  #run(script: string, path = '', stdin = '') {
    return this.#executor.run(['sh', '-c', script, 'ov', this.root, path, String(Buffer.byteLength(stdin))], { stdin })
  }
}

const unreadable = (path: string, stderr: string): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV6012',
      severity: 'error',
      message: `the ledger ${path} can't be read or written`,
      output: stderr.trim().split('\n'),
      remedy: 'make it yours, and see that the disk is not full',
    },
  ])
