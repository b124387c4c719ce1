import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const alias = { ov: new URL('./dsl/index.ts', import.meta.url).pathname }
/** Bundles of test projects run as they are: their positions are what ov maps back to the source. */
const server = { deps: { external: [/\/bundle\.mjs$/] } }

export default defineConfig({
  test: {
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/report.json' },
    // A test on a machine of its own waits more than it computes.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          server,
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        // Real machines, real builds: minutes, not milliseconds.
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 900_000 },
      },
    ],
  },
})
