import { describe, expect, it } from 'vitest'
import type { BuilderStep } from '../../../src/plan/ir.ts'
import { builderRun } from '../../../src/synth/host/builder.ts'

const machine = { user: { name: 'op', uid: 1000, gid: 1000, home: '/home/op', adopted: true } }
const step = (over: Partial<BuilderStep>) =>
  ({ kind: 'Builder', builder: 'npm', layerName: 'web', caches: [], commands: [], ...over }) as BuilderStep

describe('a builder on behalf of a host', () => {
  it('HOST-21 HOST-22 its program: the home of the user at the same paths, the files read-only, the script by standard input', () => {
    const { argv } = builderRun(step({ stage: [] }), machine, { image: 'localhost/tools:1', files: '/tmp/stage/web' })
    expect(argv.join(' ')).toBe(
      'podman run --rm --pull=never --user 0:0 -i' +
        ['.cache/ov', '.cargo', '.npm-global', '.pixi']
          .map((path) => ` -v /home/op/${path}:/home/op/${path}:rw`)
          .join('') +
        ' -v /tmp/stage/web:/work:ro -e HOME=/home/op -e CARGO_HOME=/home/op/.cargo -e NPM_CONFIG_PREFIX=/home/op/.npm-global' +
        ' -e PIXI_CACHE_DIR=/home/op/.cache/ov/pixi -e RATTLER_CACHE_DIR=/home/op/.cache/ov/rattler' +
        ' -w /work localhost/tools:1 bash -s',
    )
  })

  it('HOST-23 HOST-24 the stage of an image becomes a script that stops at the first failure', () => {
    const { stdin } = builderRun(
      step({
        stage: [
          { user: '1000' },
          { workdir: '/home/op' },
          { env: { A: "it's" } },
          { copy: 'pixi.toml', to: 'pixi.toml' },
          {
            run: ['pixi install', { command: 'echo', items: ["'a b'"] }],
            mounts: { 'build.sh': '/tmp/build.sh' },
            caches: [{ path: '/tmp/c' }],
          },
        ],
      }),
      machine,
      { image: 'x', files: '/f' },
    )
    expect(stdin).toBe(`set -e
umask 022
build() {
mkdir -p '/home/op'
mkdir -p '/home/op'
cd '/home/op'
export A='it'\\''s'
cp -r '/work/pixi.toml' 'pixi.toml'
mkdir -p '/tmp/c'
mkdir -p "$(dirname '/tmp/build.sh')"
ln -sfn '/work/build.sh' '/tmp/build.sh'
( pixi install && echo 'a b' )
}
build </dev/null
`)
  })
})
