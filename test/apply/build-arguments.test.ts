import { describe, expect, it } from 'vitest'
import { buildArguments, type BuildCommand } from '../../src/apply/build-arguments.ts'
import { withMounts } from '../../src/apply/buildfile.ts'

const command: BuildCommand = {
  file: '/b/web.Containerfile',
  reference: 'r.example/acme/web:1',
  name: 'web',
  registry: 'r.example/acme',
  ignoreFile: '.build/web/containerignore',
  labels: [['a', 'b']],
  mounts: [],
  platforms: [],
  noCache: false,
  cache: 'none',
  push: false,
}
const line = (engine: 'podman' | 'docker', more: Partial<BuildCommand> = {}) =>
  buildArguments(engine, { ...command, ...more }).join(' ')

describe('command lines of builds', () => {
  it('IMG-181 podman', () => {
    expect(line('podman')).toBe(
      'build --layers=true -f /b/web.Containerfile -t r.example/acme/web:1 --ignorefile .build/web/containerignore --label a=b .',
    )
    expect(line('podman', { platforms: ['linux/arm64'], noCache: true, mounts: [['/b/x.sources', '/etc/x']] })).toBe(
      'build --layers=true -f /b/web.Containerfile -t r.example/acme/web:1 --ignorefile .build/web/containerignore --label a=b --platform linux/arm64 --no-cache -v /b/x.sources:/etc/x:ro .',
    )
  })
  it('IMG-183 podman makes a list of several platforms', () => {
    expect(line('podman', { platforms: ['linux/amd64', 'linux/arm64'], push: true })).toBe(
      'build --layers=true -f /b/web.Containerfile --manifest r.example/acme/web:1 --ignorefile .build/web/containerignore --label a=b --platform linux/amd64,linux/arm64 .',
    )
  })
  it('IMG-181 IMG-T23 docker knows neither --layers nor --ignorefile', () => {
    expect(line('docker', { platforms: ['linux/arm64'] })).toBe(
      'build --progress=plain -f /b/web.Containerfile -t r.example/acme/web:1 --label a=b --platform linux/arm64 .',
    )
  })
  it('IMG-183 docker pushes while it builds', () => {
    expect(line('docker', { platforms: ['linux/amd64', 'linux/arm64'], push: true })).toBe(
      'buildx build --push --progress=plain -f /b/web.Containerfile -t r.example/acme/web:1 --label a=b --platform linux/amd64,linux/arm64 .',
    )
  })
  it('IMG-181 docker steps mount the files of this machine', () => {
    const mounts = [['/b/x.sources', '/etc/x']] as const
    expect(line('docker', { mounts })).toContain(' --build-context ov-machine=/b .')
    expect(withMounts('FROM a\nRUN one && \\\n    RUN\nUSER b\nRUN --mount=type=cache,dst=/c two\n', mounts)).toBe(
      'FROM a\nRUN --mount=type=bind,from=ov-machine,source=/x.sources,target=/etc/x one && \\\n    RUN\nUSER b\nRUN --mount=type=bind,from=ov-machine,source=/x.sources,target=/etc/x --mount=type=cache,dst=/c two\n',
    )
  })
  it.each([
    ['podman', 'image', '--cache-from r.example/acme/web'],
    ['podman', 'registry', '--cache-from r.example/acme/web --cache-to r.example/acme/web'],
    ['docker', 'image', '--cache-from r.example/acme/web'],
    [
      'docker',
      'registry',
      '--cache-from type=registry,ref=r.example/acme/cache:web --cache-to type=registry,ref=r.example/acme/cache:web,mode=max,compression=zstd',
    ],
    ['docker', 'gha', '--cache-from type=gha,scope=web --cache-to type=gha,mode=max,scope=web'],
  ] as const)('IMG-184 %s takes steps from %s', (engine, cache, text) => {
    expect(line(engine, { cache })).toContain(` --label a=b ${text} `)
    expect(line(engine, { cache, noCache: true })).not.toContain('--cache')
    if (cache !== 'gha') expect(line(engine, { cache, registry: undefined })).not.toContain('--cache')
  })
})
