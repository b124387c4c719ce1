import tseslint from 'typescript-eslint'
import { importX } from 'eslint-plugin-import-x'

/**
 * Downhill only: a folder may import from folders listed before it, from itself, and from nothing else.
 * Synthesisers and apply targets additionally never import one another.
 */
const LAYERS = [
  ['dsl'],
  ['src/diagnostics'],
  ['src/format'],
  ['src/model'],
  ['src/vocabulary'],
  ['src/resolve'],
  ['src/plan'],
  ['src/synth'],
  ['src/load'],
  ['src/state'],
  ['src/credentials'],
  ['src/diff', 'src/graph'],
  ['src/apply'],
  ['src/eval', 'src/doctor'],
  ['src/commands'],
  ['src/cli.ts'],
]
const uphill = LAYERS.flatMap(([target], rank) =>
  LAYERS.slice(rank + 1).map(([from]) => ({
    target: `./${target}`,
    from: `./${from}`,
    message: `imports go downhill: ${target} must not know ${from}`,
  })),
)
const SYNTHESISERS = ['containerfile', 'quadlet', 'supervisord', 'systemd']
const sideways = SYNTHESISERS.flatMap((target) =>
  SYNTHESISERS.filter((from) => from !== target).map((from) => ({
    target: `./src/synth/${target}`,
    from: `./src/synth/${from}`,
    message: `synthesisers never import one another`,
  })),
)

export default tseslint.config(
  { ignores: ['dist', '.build', '**/.build', '.tools', 'node_modules', 'test-results', 'test/types/fixtures'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: [...uphill, ...sideways] }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-empty-object-type': 'off',
      // Methods are taken only to be put back as they were.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['src/synth/**', 'src/plan/**', 'src/resolve/**', 'src/model/**', 'src/format/**', 'dsl/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', '!node:path', '!node:crypto'],
              message: 'pure: no file system, clock, environment or process',
            },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'performance'],
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
)
