import { dirname } from 'node:path'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { podUnit } from '../../../model/deploy-key.ts'
import { fromLabels } from '../../../plan/labels.ts'
import { journal, journalCursor, unitState } from '../../systemd.ts'
import type { PodChange } from './compare.ts'
import type { DesiredPod } from './desire.ts'
import { configurePod } from './configure.ts'
import { runHook } from './hooks.ts'
import { folderComplaints } from './quadlet.ts'
import { serviceStates } from './services.ts'
import { unitOf, type PodTools } from './tools.ts'
import { bringUp } from './units.ts'

/** Makes the machine have the deploy, and waits until it runs. What is about to be done is recorded first. */
export async function applyPod(change: PodChange, tools: PodTools): Promise<void> {
  const { podman, store, say } = tools
  const { desired } = change
  const { plan, record } = desired
  const known = store.get(plan.name)
  const typedBefore = known?.typedBefore ?? known?.typed
  store.put({ ...record, phase: 'applying', ...(typedBefore && { typedBefore }) })
  const metadata = await configurePod(change, { seed: 'initial' }, tools)
  await startPod(desired, tools)
  await runHook('post_enable', metadata.hooks.post_enable, plan, podman, say)
  store.put(record)
}

/** Starts a deploy that is set up, anew where it runs, and waits until it is up. */
export async function startPod(desired: DesiredPod, tools: PodTools): Promise<void> {
  const { executor, say, signal } = tools
  const { plan, files } = desired
  const unit = unitOf(plan.container)
  if ((await unitState(unit, executor)).load !== 'loaded')
    throw failure(
      desired,
      `systemd has no unit ${unit}: the quadlet was not accepted`,
      await folderComplaints(dirname(files[0]!.path), executor),
    )
  say(`${plan.name}: starting`)
  const since = await journalCursor(executor)
  const containers = [plan, ...plan.sidecars].map(({ container }) => unitOf(container))
  const units = plan.sidecars.length > 0 ? [podUnit(plan.container), ...containers] : containers
  await executor.run(['systemctl', '--user', 'reset-failed', ...units])
  const started = await bringUp('restart', plan.container, tools, { signal })
  if (started.exitCode !== 0) throw failure(desired, `${unit} does not start`, await journal(units, since, executor))
  for (const name of containers) {
    const problem = await waitUntilUp(desired, name, tools)
    if (problem !== undefined) throw failure(desired, problem, await journal([name], since, executor))
  }
}

const failure = (desired: DesiredPod, message: string, output: readonly string[]) =>
  new DiagnosticError([
    {
      code: 'OV5006',
      severity: 'error',
      message,
      entity: `pod "${desired.plan.name}"`,
      place: desired.plan.origin,
      output,
      remedy: `look at journalctl --user -u ${unitOf(desired.plan.container)}; ov destroy ${desired.plan.name} takes it down`,
    },
  ])

const PAUSE = 250
const PATIENCE = 60_000
/** Looks in a row that must find it running. */
const STEADY = 4

/** Up means that the container runs for a while without a new start, and that its init has all its services up. Says what is wrong. */
async function waitUntilUp({ plan, image }: DesiredPod, unit: string, tools: PodTools): Promise<string | undefined> {
  const { executor, clock, podman, signal } = tools
  const isApp = unit === unitOf(plan.container)
  const { init } = fromLabels((await podman.labels(image)) ?? {})
  const first = await unitState(unit, executor)
  for (let settled = 0, waited = 0; waited < PATIENCE; waited += PAUSE) {
    signal.throwIfAborted()
    const state = await unitState(unit, executor)
    if (state.active === 'failed' || state.restarts > first.restarts) return `${unit} does not stay up`
    settled = state.active === 'active' && state.sub === 'running' ? settled + 1 : 0
    const services = settled >= STEADY && isApp ? await serviceStates(plan.container, init, podman) : undefined
    if (services && services.failed.length > 0)
      return `${unit} runs, but not all of its services: ${services.failed.join(', ')}`
    if (settled >= STEADY && services?.pending !== true) return undefined
    await clock.sleep(PAUSE)
  }
  return `${unit} is not up after ${PATIENCE / 1000} s`
}
