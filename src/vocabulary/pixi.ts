import { defineBuilder, type StageStep } from '../../dsl/vocabulary.ts'

const INSTALL: Readonly<Record<string, string>> = {
  'pixi.toml': 'pixi install',
  'pyproject.toml': 'pixi install --manifest-path pyproject.toml',
  // Which of them imports depends on the version of pixi.
  'environment.yml': '{ pixi project import environment.yml || pixi init --import environment.yml; } && pixi install',
}
const CACHES = { PIXI_CACHE_DIR: '/tmp/pixi-cache', RATTLER_CACHE_DIR: '/tmp/rattler-cache' }

/** The manifest is gone when the environment is there; importing one makes another. */
const leftovers = (manifest: string) => [
  manifest,
  ...(manifest === 'environment.yml' ? ['pixi.toml'] : []),
  'pixi.lock',
]

/** Environments of Python, conda and their kin, made in the home of the image's user. (IMG-38, IMG-39) */
export const pixi = defineBuilder({
  name: 'pixi',
  detect: [['pixi.toml'], ['pyproject.toml'], ['environment.yml']],
  companions: ['pixi.lock', 'build.sh'],
  binaries: ['/usr/local/bin/pixi'],
  env: { PIXI_CACHE_DIR: '~/.cache/pixi', RATTLER_CACHE_DIR: '~/.cache/rattler' },
  pathAppend: ['~/.pixi/bin', '~/.pixi/envs/default/bin'],
  artifacts: ({ home }) => [home],
  results: ({ home }) => [`${home}/.pixi/envs/*`, `${home}/.pixi/bin/*`],
  stage: ({ manifest, files, uid, home }) => {
    const locked = files.includes('pixi.lock')
    const script = files.includes('build.sh')
    const steps: StageStep[] = [{ user: String(uid) }, { workdir: home }]
    if (locked) steps.push({ copy: 'pixi.lock', to: 'pixi.lock' })
    steps.push({ copy: manifest, to: manifest })
    // Solving for an older libc than the image has would refuse many packages. Only TOML may be appended to TOML.
    if (manifest === 'pixi.toml')
      steps.push({
        run: [
          String.raw`grep -q 'system-requirements' pixi.toml || printf '\n[system-requirements]\nlibc = { family = "glibc", version = "2.39" }\n' >> pixi.toml`,
        ],
      })
    steps.push(
      { env: CACHES },
      {
        caches: Object.values(CACHES).map((path) => ({ path, owned: true })),
        ...(script && { mounts: { 'build.sh': '/tmp/build.sh' } }),
        run: [
          [
            `${INSTALL[manifest] ?? ''}${locked ? ' --frozen' : ''}`,
            ...(script ? ['bash /tmp/build.sh'] : []),
            `rm -f ${leftovers(manifest).join(' ')}`,
          ].join(' && '),
        ],
      },
    )
    return steps
  },
})
