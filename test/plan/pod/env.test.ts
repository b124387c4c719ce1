import { describe, expect, it } from 'vitest'
import { EMPTY_METADATA } from '../../../src/plan/metadata.ts'
import { NO_ENV_SOURCES, parseEnvFile, resolveEnv, type EnvFile } from '../../../src/plan/pod/env.ts'
import {
  fillTemplate,
  mcpServers,
  providesOf,
  updateProvides,
  withoutProvider,
} from '../../../src/plan/pod/provides.ts'

const provider = { key: 'app', container: 'ov-app', ports: [{ host: 8088, container: 80 }] }
const contract = (name: string, more = {}) => ({ name, description: `what ${name} is`, ...more })
const file = (path: string, ...pairs: [string, string][]): EnvFile => ({ path, variables: new Map(pairs) })

describe('variables of a deploy', () => {
  it('POD-85 the strongest source decides the value, the first one the place', () => {
    const entryFile = file('/e', ['F', 'file'], ['D', 'file'])
    const workspace = file('/w/.env', ['W', 'workspace'], ['F', 'workspace'])
    const { inline } = resolveEnv(
      provider,
      { env: ['B=entry', 'C=entry', 'D=entry'] },
      { ...EMPTY_METADATA, env: ['A=label', 'B=label'], envAccepts: [contract('P'), contract('A')] },
      {
        ...NO_ENV_SOURCES,
        detected: { DRINODE: 'found', B: 'found' },
        provides: {
          env: [
            { name: 'P', value: 'p', source: 'other' },
            { name: 'A', value: 'weak', source: 'other' },
          ],
          mcp: [],
        },
        files: [entryFile, workspace],
        unitFile: entryFile,
        given: { C: 'given' },
      },
    )
    expect(inline).toEqual([
      ['DRINODE', 'found'],
      ['B', 'entry'],
      ['P', 'p'],
      ['A', 'label'],
      ['C', 'given'],
      ['F', 'workspace'],
      ['W', 'workspace'],
    ])
  })

  it('POD-89 POD-T20 a file leaves the other variables where they are; what it decides itself is not repeated', () => {
    const unitFile = file('/e', ['B', 'file'])
    const { inline } = resolveEnv(
      provider,
      { env: ['B=entry', 'C=entry'] },
      { ...EMPTY_METADATA, env: ['A=label'] },
      { ...NO_ENV_SOURCES, files: [unitFile], unitFile },
    )
    expect(inline).toEqual([
      ['A', 'label'],
      ['C', 'entry'],
    ])
  })

  it('POD-87 POD-T26 a default is injected, and what has none is missing', () => {
    const image = { ...EMPTY_METADATA, envRequires: [contract('X'), contract('Y', { default: 'y' })] }
    const { inline, missing } = resolveEnv(provider, {}, image, NO_ENV_SOURCES)
    expect(inline).toEqual([['Y', 'y']])
    expect(missing.map(({ name }) => name)).toEqual(['X'])
  })

  it('POD-83 a deploy never gets what it offers itself, nor what it does not ask for', () => {
    const provides = {
      env: [
        { name: 'URL', value: 'own', source: 'app' },
        { name: 'URL', value: 'other', source: 'app-two' },
        { name: 'UNASKED', value: 'x', source: 'other' },
      ],
      mcp: [],
    }
    const image = { ...EMPTY_METADATA, envAccepts: [contract('URL')] }
    expect(resolveEnv(provider, {}, image, { ...NO_ENV_SOURCES, provides }).inline).toEqual([['URL', 'other']])
  })

  it('POD-85 POD-86 POD-T16 proxies are passed by for the containers of the machine', () => {
    const resolve = (env: string[]) =>
      resolveEnv(provider, { env }, EMPTY_METADATA, { ...NO_ENV_SOURCES, containers: ['ov-b', 'ov-a'] }).inline
    expect(resolve(['NO_PROXY=x;y'])).toEqual([['NO_PROXY', 'x,y']])
    expect(resolve(['https_proxy=http://p', 'no_proxy=ov-a,z'])).toContainEqual(['no_proxy', 'ov-a,z,ov-b'])
    expect(resolve(['HTTP_PROXY=http://p'])).toContainEqual(['NO_PROXY', 'ov-a,ov-b'])
  })

  it('POD-85 a file of variables: remarks, quotes around a value, inherited names', () => {
    const text = '# remark\n\nA=1\nB="two words"\nC=\'x\'\nD=a"b\nHOME\nNONE\nE=a=b # kept\r\n'
    expect([...parseEnvFile(text, (name) => (name === 'HOME' ? '/home/me' : undefined))]).toEqual([
      ['A', '1'],
      ['B', 'two words'],
      ['C', 'x'],
      ['D', 'a"b'],
      ['HOME', '/home/me'],
      ['E', 'a=b # kept'],
    ])
  })
})

describe('what deploys offer each other', () => {
  it('POD-80 templates are filled; anything else in braces is an error that names it', () => {
    expect(
      fillTemplate('http://{{.ContainerName}}:{{.HostPort 80}}/{{.ContainerPort 80}}{{.HostPort 9}}', provider),
    ).toBe('http://ov-app:8088/809')
    expect(fillTemplate('{{.Nope}}', provider)).toEqual({ unknown: '{{.Nope}}' })
    const said: string[] = []
    providesOf(
      provider,
      { ...EMPTY_METADATA, envProvides: { URL: '{{.HostPort}}' } },
      (_, __, message) => void said.push(message),
    )
    expect(said[0]).toContain('{{.HostPort}}')
  })

  it('POD-81 POD-82 offers are put in place of those before, instances have names of their own', () => {
    const image = {
      ...EMPTY_METADATA,
      envProvides: { B: 'b', A: 'a' },
      mcpProvides: [{ name: 'browser', url: 'http://{{.ContainerName}}/mcp', transport: 'http' as const }],
    }
    const own = providesOf({ ...provider, key: 'app/eu', container: 'ov-app-eu' }, image, () => {})
    expect(own.mcp).toEqual([{ name: 'browser-eu', url: 'http://ov-app-eu/mcp', transport: 'http', source: 'app/eu' }])
    const before = {
      env: [
        { name: 'OLD', value: 'x', source: 'app/eu' },
        { name: 'A', value: 'other', source: 'other' },
        { name: 'B', value: 'b', source: 'app/eu' },
      ],
      mcp: [],
    }
    const { provides, news } = updateProvides(before, 'app/eu', own)
    expect(provides.env.map(({ name, source }) => `${name} ${source}`)).toEqual(['A other', 'B app/eu', 'A app/eu'])
    expect(news).toEqual(['Env provides injected: A=a', 'MCP provides injected: browser-eu → http://ov-app-eu/mcp'])
    expect(updateProvides(provides, 'app/eu', own)).toEqual({ provides, news: [] })
  })

  it('POD-84 POD-T9 its own servers come first and under localhost; a name that only begins like its own is another', () => {
    const mcp = [
      { name: 'two', url: 'http://ov-app-two:1/mcp', transport: 'http', source: 'app-two' },
      { name: 'same', url: 'http://ov-other:1/mcp', transport: 'http', source: 'other' },
      { name: 'same', url: 'http://ov-app:1/mcp', transport: 'http', source: 'app' },
    ]
    expect(JSON.parse(mcpServers({ env: [], mcp }, provider)!)).toEqual([
      { name: 'same', url: 'http://localhost:1/mcp', transport: 'http', source: 'app' },
      { name: 'two', url: 'http://ov-app-two:1/mcp', transport: 'http', source: 'app-two' },
    ])
    expect(mcpServers({ env: [], mcp: [] }, provider)).toBeUndefined()
  })

  it('POD-90 the base of an image offers until the last entry of the image is gone', () => {
    const env = ['web', 'web/eu', 'other'].map((source) => ({ name: 'URL', value: source, source }))
    const left = (key: string, others: [string, string][]) =>
      withoutProvider({ env, mcp: [] }, key, 'web', new Map(others)).env.map(({ source }) => source)
    expect(left('web/eu', [['web', 'web']])).toEqual(['web', 'other'])
    expect(left('web', [['web/eu', 'web']])).toEqual(['web', 'web/eu', 'other'])
    expect(left('web', [['other', 'other']])).toEqual(['web/eu', 'other'])
    expect(left('web/eu', [])).toEqual(['other'])
  })
})
