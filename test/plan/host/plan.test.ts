import { describe, expect, it } from 'vitest'
import { cmd, host, image, layer, mkdir, service, write, type AnyLayer } from '../../../dsl/index.ts'
import { hostSpec } from '../../../src/commands/host-spec.ts'
import type { CompiledProject } from '../../../src/commands/project.ts'
import type { HostFacts } from '../../../src/plan/host/facts.ts'
import { planHost } from '../../../src/plan/host/index.ts'
import { batches, gateOf, scopeOf } from '../../../src/plan/steps.ts'
import { Workspace } from '../../harness.ts'
import { pipeline } from '../../pipeline.ts'

const version = '2026.331.900'
const machine = (over: Partial<HostFacts> = {}): HostFacts => ({
  tags: ['debian:13', 'debian'],
  machine: 'x86_64',
  user: { name: 'op', uid: 1001, gid: 1001, home: '/home/op', adopted: true },
  shells: ['bash', 'sh'],
  loginShell: 'bash',
  bashProfiles: [],
  systemd: true,
  ...over,
})
/** Compiles layers, or an image, for a machine. */
function compile(entities: Record<string, unknown>, ref?: string, over: Partial<HostFacts> = {}) {
  const compiled = pipeline(entities, new Workspace().root) as unknown as CompiledProject
  const spec = hostSpec(ref === undefined ? 'here' : 'host', ref, {}, compiled)
  return planHost(spec, machine(over), compiled)
}
const stepsOf = (one: AnyLayer, over: Partial<HostFacts> = {}) =>
  compile({ one }, one.name, over).plan.plans.at(-1)!.steps
describe('layers, compiled for a machine', () => {
  const everything = layer({
    name: 'everything',
    version,
    deb: { packages: ['jq'] },
    env: { A: '~/a', B: '$HOME/b' },
    tasks: [mkdir('/etc/x'), cmd('true', { user: '${USER}' }), write('~/f', { content: 'f', user: '${USER}' })],
    services: [service({ name: 'nap', exec: 'sleep 1' })],
    shell: { init: 'true' },
  })

  it('PLAN-13 PLAN-15 PLAN-18 in the order of the plan, with the home and the account of the machine', () => {
    const steps = stepsOf(everything)
    expect(steps.map(({ kind }) => kind)).toEqual([
      'ShellHook',
      'SystemPackages',
      'Task',
      'Task',
      'Task',
      'ServiceCustom',
      'ShellSnippet',
      'ShellSnippet',
      'ShellSnippet',
      'ShellSnippet',
    ])
    expect(steps[0]).toMatchObject({
      envVars: { A: '/home/op/a', B: '/home/op/b' },
      envFile: '/home/op/.config/overthink/env.d/everything.env',
    })
    expect(steps[3]).toMatchObject({ resolvedUser: { user: '1001' } })
    expect(steps[4]).toMatchObject({ task: { to: '/home/op/f' }, resolvedUser: { owner: '1001:1001' } })
    // What has nothing to set has no step for it.
    expect(stepsOf(layer({ name: 'bare', version, tasks: [mkdir('/etc/x')] })).map(({ kind }) => kind)).toEqual([
      'Task',
    ])
  })

  it('PLAN-12 consecutive steps of one scope and venue are one batch', () => {
    expect(batches(stepsOf(everything)).map((batch) => [scopeOf(batch[0]!), batch.length])).toEqual([
      ['user-profile', 1],
      ['system', 2],
      ['user', 2],
      ['system', 1],
      ['user-profile', 4],
    ])
  })

  it('PLAN-16 the packages are those of the machine, whatever the image is made of', () => {
    const one = layer({
      name: 'one',
      version,
      deb: { packages: ['of-deb'] },
      rpm: { packages: ['of-rpm'] },
      tags: { 'fedora:43': { packages: ['of-fedora-43'] } },
    })
    const base = image({ name: 'base', base: 'debian:13', distro: 'debian', version, layers: [one] })
    const packages = (tags: string[]) =>
      compile({ one, base }, 'base', { tags }).plan.plans.flatMap(({ steps }) =>
        steps.flatMap((step) => (step.kind === 'SystemPackages' ? step.packages : [])),
      )
    expect(packages(['debian:13', 'debian'])).toEqual(['of-deb'])
    expect(packages(['fedora:43', 'fedora'])).toEqual(['of-fedora-43'])
    expect(packages(['fedora:42', 'fedora'])).toEqual(['of-rpm'])
  })

  it('PLAN-20 PLAN-21 PLAN-22 PLAN-23 services: names, places, texts, and the gate before them', () => {
    const one = layer({
      name: 'one',
      version,
      services: [
        service({
          name: 'nap',
          exec: 'sleep 1',
          restart: 'unless-stopped',
          env: { B: '2', A: 'x y' },
          after: ['network.target'],
        }),
        service({ name: 'doze', exec: 'sleep 2', scope: 'user', enable: true }),
        service({
          name: 'pg',
          usePackaged: 'postgresql',
          enable: true,
          overrides: { env: { PGDATA: '/data' }, exec: '/x' },
        }),
        service({ name: 'tick', usePackaged: 'tick.timer' }),
      ],
    })
    const steps = stepsOf(one)
    expect(steps.every((step) => gateOf(step) === 'with-services')).toBe(true)
    expect(
      steps.map((step) =>
        step.kind === 'ServiceCustom'
          ? [step.name, step.unitPath]
          : step.kind === 'ServicePackaged'
            ? [step.unit, step.overridesPath]
            : [],
      ),
    ).toEqual([
      ['ov-one-nap.service', '/etc/systemd/system/ov-one-nap.service'],
      ['ov-one-doze.service', '/home/op/.config/systemd/user/ov-one-doze.service'],
      ['postgresql.service', '/etc/systemd/system/postgresql.service.d/ov-one.conf'],
      ['tick.timer', ''],
    ])
    expect(steps[0]).toMatchObject({
      unitText: `[Unit]
Description=one service nap (generated by ov)
After=network.target

[Service]
Type=simple
ExecStart=sleep 1
Restart=always
Environment="A=x y"
Environment="B=2"

[Install]
WantedBy=multi-user.target
`,
    })
    expect(steps[2]).toMatchObject({
      overridesText: '[Service]\nEnvironment="PGDATA=/data"\nExecStart=\nExecStart=/x\n',
    })
  })

  it('PLAN-26 DEP-18 DEP-22 an image, and further layers: one order, each once, with all they depend on', () => {
    const base = layer({ name: 'a-base', version, tasks: [mkdir('/a')] })
    const middle = layer({ name: 'middle', version, depends: [base], ports: [80], tasks: [mkdir('/m')] })
    const more = layer({ name: 'more', version, depends: [base], tasks: [mkdir('/o')] })
    const app = image({ name: 'app', base: 'debian:13', distro: 'debian', version, layers: [middle] })
    const here = host({ name: 'here', image: app, layers: [more, middle] })
    const { plan } = compile({ base, middle, more, app, here })
    expect(plan.plans.map((one) => one.layer)).toEqual(['a-base', 'middle', 'more'])
    expect(plan.image).toBe('app')
    expect(plan.addLayers).toEqual(['more', 'middle'])
    expect(plan.plans.every(({ layersIncluded, image: name }) => layersIncluded.length === 3 && name === 'app')).toBe(
      true,
    )
  })
})
