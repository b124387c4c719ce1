import type { Clock } from '../apply/executor.ts'
import { expand } from '../model/check.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { withVariables, type BakedCheck, type Section } from './baked.ts'
import { probe } from './probes/index.ts'
import { fail, MissingTool, skip, tookTooLong, type Outcome, type Target } from './target.ts'

/** What became of a check. */
export interface Verdict extends Outcome {
  readonly id: string
  readonly verb: string
  readonly section: Section
  readonly origin: string
  /** What was looked at. */
  readonly subject: string
  readonly description: string
}

/** What the variables and conditions of checks are about. */
export type Subject = Pick<ImageMetadata, 'distro' | 'user' | 'home' | 'uid' | 'gid' | 'image' | 'fqdn' | 'acmeEmail'>

/** Milliseconds that one attempt may take unless the check says otherwise. */
const TIMEOUT = 30_000
const HTTP_TIMEOUT = 10_000
const RETRY = 1_000
/** Programs with a limit of their own tell more than we could: they get a moment more. */
const GRACE = 2_000

/** How many looks are under way at the same time. */
const LOOKS = 32
/** Verbs that only read what is at rest. A list of processes would have the other looks in it, and commands may be meant for one another. */
const looksOnly = ({ verb }: BakedCheck): boolean => ['file', 'package', 'service'].includes(verb)

/** Runs checks and tells their verdicts, in the order of the checks. Each begins when those before it are done, unless all of them only look. */
export async function evaluateAll(
  checks: readonly BakedCheck[],
  evaluateOne: (check: BakedCheck) => Promise<Verdict>,
  onVerdict: (verdict: Verdict) => void,
): Promise<void> {
  for (let at = 0; at < checks.length;) {
    const rest = checks.slice(at, at + LOOKS)
    const other = rest.findIndex((check) => !looksOnly(check))
    const together = rest.slice(0, other === -1 ? rest.length : Math.max(other, 1))
    for (const verdict of await Promise.all(together.map(evaluateOne))) onVerdict(verdict)
    at += together.length
  }
}

/** Runs a check, again and again where it says so, and never throws for what it finds. (EVAL-11) */
export async function evaluate(
  authored: BakedCheck,
  metadata: Subject,
  target: Target,
  clock: Clock,
): Promise<Verdict> {
  const { check, unresolved } = resolve(authored, metadata)
  const verdict = (outcome: Outcome): Verdict => ({
    ...outcome,
    id: check.id,
    verb: check.verb === 'other' ? check.name : check.verb,
    section: check.section,
    origin: check.origin,
    subject: subjectOf(check),
    description: check.description,
  })
  if (check.skip) return verdict(skip('it says skip'))
  const excluded = metadata.distro.find((tag) => check.excludeDistros.includes(tag))
  if (excluded !== undefined) return verdict(skip(`excluded on distro ${JSON.stringify(excluded)}`))
  if (check.problem !== undefined) return verdict(fail(`the label can't be understood: ${check.problem}`))
  if (unresolved.length > 0) return verdict(skip(`unresolved variables: ${unresolved.join(', ')}`))

  const timeout = check.timeout ?? (check.verb === 'http' ? HTTP_TIMEOUT : TIMEOUT)
  const attempt = () => attemptOnce(check, target, timeout)
  const { eventually } = check
  if (eventually === undefined) return verdict(await attempt())
  const pause = check.retryInterval ?? RETRY
  const begin = clock.now().getTime()
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt()
    if (outcome.status !== 'fail') return verdict(outcome)
    const rest = begin + eventually - clock.now().getTime()
    if (rest <= 0)
      return verdict(
        fail(
          `${outcome.message} (after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} over ${eventually / 1000}s)`,
        ),
      )
    await clock.sleep(Math.min(pause, rest))
  }
}

async function attemptOnce(check: BakedCheck, target: Target, timeout: number): Promise<Outcome> {
  const limited: Target = {
    run: (argv, options) =>
      target.run(argv, { ...options, timeout: check.verb === 'http' ? timeout + GRACE : timeout }),
    running: target.running,
  }
  try {
    return await probe(check, limited, timeout / 1000)
  } catch (error) {
    if (error instanceof MissingTool) return fail(error.message)
    if (tookTooLong(error)) return fail(`took longer than ${timeout / 1000}s`)
    throw error
  }
}

/** The check as it is for this image: names of packages by distro, variables by labels. (EVAL-09, EVAL-15, EVAL-17) */
function resolve(
  authored: BakedCheck,
  metadata: Subject,
): { readonly check: BakedCheck; readonly unresolved: readonly string[] } {
  const { user, home, uid, gid, image, fqdn, acmeEmail } = metadata
  const values: Readonly<Record<string, string>> = {
    USER: user,
    HOME: home,
    UID: String(uid),
    GID: String(gid),
    IMAGE: image,
    DNS: fqdn,
    ACME_EMAIL: acmeEmail,
  }
  const unresolved = new Set<string>()
  const check = withVariables(authored, (text, field) => {
    const path = field === 'file' || field === 'caFile'
    const { text: expanded, unresolved: unknown } = expand(
      path && text.startsWith('~/') ? `\${HOME}${text.slice(1)}` : text,
      (name, argument) => (argument === undefined ? values[name] || undefined : undefined),
    )
    for (const name of unknown) unresolved.add(name)
    return expanded
  })
  const named =
    check.verb === 'package' && check.fields.packageMap
      ? { ...check, fields: { ...check.fields, package: packageName(check.fields, metadata.distro) } }
      : check
  return { check: named, unresolved: [...unresolved] }
}

/** The image's most specific tag that has a name of its own decides. (EVAL-09) */
const packageName = (
  {
    package: name,
    packageMap = {},
  }: { readonly package: string; readonly packageMap?: Readonly<Record<string, string>> | undefined },
  distro: readonly string[],
): string => distro.map((tag) => packageMap[tag]).find((mapped) => mapped !== undefined && mapped !== '') ?? name

function subjectOf(check: BakedCheck): string {
  if (check.verb === 'other') return ''
  return String((check.fields as Readonly<Record<string, unknown>>)[check.verb])
}
