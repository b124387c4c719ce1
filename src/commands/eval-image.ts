import { findImage } from '../apply/local-image.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readChecks, type BakedCheck } from '../eval/baked.ts'
import { withContainer } from '../eval/container.ts'
import { evaluate, evaluateAll, type Verdict } from '../eval/evaluate.ts'
import { FORMATS, summary, verdictDocument, verdictTap, verdictText, verdictYaml, type Format } from '../eval/report.ts'
import { VERBS } from '../model/check.ts'
import { LABEL_PREFIX, fromLabels } from '../plan/labels.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import type { Context } from './command.ts'
import { count } from './count.ts'
import { thisMachine, type Machine } from './machine.ts'

export interface EvalImageOptions {
  readonly format?: string
  readonly filter?: readonly string[]
  readonly section?: string
}

/** `ov eval image`: the checks of an image in local storage, by its labels alone. (EVAL-12, EVAL-20, EVAL-21) */
export async function run(context: Context, options: EvalImageOptions, ref: string): Promise<number> {
  const { format = 'text', filter = [], section } = options
  const wrong = wrongOption(format, filter, section)
  if (wrong !== undefined) {
    context.say(wrong)
    return 64
  }
  const machine = thisMachine(context)
  const { reference, metadata } = await localImage(ref, machine)
  const { checks: all, unknown } = readChecks(metadata.eval)
  if (unknown.length > 0)
    context.say(`the label ${LABEL_PREFIX}eval says what ov does not know, and passes over: ${unknown.join(', ')}`)
  const checks = all.filter((check) => check.section !== 'deploy')
  const chosen = checks
    .filter((check) => section === undefined || check.section === section)
    .filter((check) => filter.length === 0 || filter.includes(check.verb === 'other' ? check.name : check.verb))
  const verdicts: Verdict[] = []
  if (chosen.length > 0) {
    const { podman, clock, signal } = machine
    const found = { image: reference, metadata, checks: chosen, podman, signal }
    await withContainer(found, async (target) => {
      const one = (check: BakedCheck) => {
        signal.throwIfAborted()
        return evaluate(check, metadata, target, clock)
      }
      await evaluateAll(chosen, one, (verdict) => {
        verdicts.push(verdict)
        if (format === 'text') context.result(verdictText(verdict))
      })
    })
  } else context.say(nothingToDo(reference, checks))
  tell(context, format as Format, reference, verdicts)
  const later = all.length - checks.length
  if (later > 0)
    context.say(`${count(later, 'check')} of scope deploy ${later === 1 ? 'needs' : 'need'} a running deploy`)
  return verdicts.some(({ status }) => status === 'fail') ? 2 : 0
}

function wrongOption(format: string, filter: readonly string[], section: string | undefined): string | undefined {
  const list = (known: readonly string[]) => `known are ${known.join(', ')}`
  if (!(FORMATS as readonly string[]).includes(format))
    return `there is no format ${JSON.stringify(format)}; ${list(FORMATS)}`
  const verb = filter.find((one) => !(VERBS as readonly string[]).includes(one))
  if (verb !== undefined) return `there are no checks of the kind ${JSON.stringify(verb)}; ${list(VERBS)}`
  if (section === 'deploy')
    return 'checks of section deploy need a running deploy; of an image there are layer and image'
  if (section !== undefined && !['layer', 'image'].includes(section))
    return `there is no section ${JSON.stringify(section)}; ${list(['layer', 'image'])}`
  return undefined
}

/** The image and what its labels say. (EVAL-06, EVAL-13, IMG-148) */
async function localImage(
  ref: string,
  { podman }: Machine,
): Promise<{ readonly reference: string; readonly metadata: ImageMetadata }> {
  const refuse = (message: string, remedy: string) =>
    new DiagnosticError([{ code: 'OV4009', severity: 'error', message, remedy }])
  const found = await findImage(ref, podman)
  if (found === undefined)
    throw refuse(`image "${ref}" is not in local storage`, `build it with ov image build, or run: ov image pull ${ref}`)
  if (!('reference' in found))
    throw refuse(`image "${ref}" may be any of ${found.join(', ')}`, 'name one of them in full')
  let metadata
  try {
    metadata = fromLabels(found.labels)
  } catch (error) {
    throw refuse(`image "${found.reference}": ${(error as Error).message}`, 'build it again')
  }
  if (metadata.version === '')
    throw refuse(`image "${found.reference}" was not built by ov`, 'name an image that has labels of ov')
  return { reference: found.reference, metadata }
}

const nothingToDo = (reference: string, checks: readonly BakedCheck[]): string =>
  checks.length === 0
    ? `${reference} has no checks for an image`
    : `none of the ${checks.length} checks of ${reference} is meant`

function tell(context: Context, format: Format, reference: string, verdicts: readonly Verdict[]): void {
  if (format === 'text') context.result(summary(verdicts))
  else if (format === 'json') context.result(verdictDocument(reference, verdicts))
  else if (format === 'yaml') context.result(verdictYaml(reference, verdicts).trimEnd())
  else context.result(verdictTap(verdicts))
}
