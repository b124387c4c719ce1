import { systemClock } from '../apply/executors/local.ts'
import type { Venue } from '../apply/targets/host/index.ts'
import { readChecks, type BakedCheck } from '../eval/baked.ts'
import { together } from '../eval/container.ts'
import { evaluate, evaluateAll, type Verdict } from '../eval/evaluate.ts'
import { summary, verdictText } from '../eval/report.ts'
import type { Target } from '../eval/target.ts'
import type { HostPlan } from '../plan/host/index.ts'
import type { Context } from './command.ts'

/** Programs of checks see what the deploying user's login shells see. */
const AS_AT_LOGIN = 'for file in ~/.config/overthink/env.d/*.env; do [ ! -r "$file" ] || . "$file"; done; exec "$@"'

/** Runs the checks of a host deploy's layers on its machine; whether none failed. (DEP-08) */
export async function verifyHost(
  context: Context,
  { name, plans, checks, image }: HostPlan,
  venue: Venue,
): Promise<boolean> {
  const { tags, user } = venue.machine
  const about = {
    distro: [...tags],
    user: user.name,
    home: user.home,
    uid: user.uid,
    gid: user.gid,
    image,
    fqdn: '',
    acmeEmail: '',
  }
  const units = new Set(
    plans.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'ServiceCustom' ? [step.name] : []))),
  )
  const exec: Target['run'] = (argv, { as, stdin, timeout }) => {
    const limits = [context.signal, ...(timeout === undefined ? [] : [AbortSignal.timeout(timeout)])]
    const program = as === 'root' ? argv : ['sh', '-c', AS_AT_LOGIN, 'ov', ...argv]
    return venue[as].run(program, { signal: AbortSignal.any(limits), ...(stdin !== undefined && { stdin }) })
  }
  const looks = together(exec)
  const target: Target = {
    run: (argv, options) => (options.look === true ? looks(argv, options) : exec(argv, options)),
    running: {},
  }
  const verdicts: Verdict[] = []
  await evaluateAll(
    readChecks(checks).checks,
    (check) => evaluate(onHost(check, units), about, target, systemClock),
    (verdict) => {
      verdicts.push(verdict)
      if (verdict.status !== 'pass') context.say(verdictText(verdict))
    },
  )
  context.say(`${name}: checks: ${summary(verdicts)}`)
  return verdicts.every(({ status }) => status !== 'fail')
}

/** A service of a layer's own has another name on a host. (PLAN-20) */
function onHost(check: BakedCheck, units: ReadonlySet<string>): BakedCheck {
  if (check.verb !== 'service') return check
  const unit = `${check.origin.replace(/^layer:/, 'ov-')}-${check.fields.service}.service`
  return units.has(unit) ? { ...check, fields: { ...check.fields, service: unit } } : check
}
