import { defineBuilder } from '../../dsl/vocabulary.ts'
import { quoteSingle } from '../format/shell.ts'

/** One line per dependency: `name`, or `name@version`. */
const NAMES =
  'for (const [name, version] of Object.entries(require("./package.json").dependencies ?? {})) console.log(version === "*" ? name : name + "@" + version)'

/** npm packages, installed globally for the image's user: the copied tree must be where npm looks for it at run time. (IMG-40) */
export const npm = defineBuilder({
  name: 'npm',
  detect: [['package.json']],
  artifacts: ({ home }) => [home],
  results: ({ home }) =>
    ['lib/node_modules/[!@.]*', 'lib/node_modules/@*/*', 'bin/*'].map((path) => `${home}/.npm-global/${path}`),
  stage: ({ uid, home }) => [
    { user: String(uid) },
    { workdir: home },
    { env: { NPM_CONFIG_PREFIX: `${home}/.npm-global` } },
    { env: { npm_config_cache: '/tmp/npm-cache' } },
    { copy: 'package.json', to: 'package.json' },
    {
      caches: [{ path: '/tmp/npm-cache', owned: true }],
      run: [
        // A pipe hides that its first part failed; and without -r, an empty list would install the working directory.
        `node -e 'require("./package.json")'`,
        `node -e ${quoteSingle(NAMES)} | xargs -r npm install -g && rm -f package.json`,
      ],
    },
  ],
})
