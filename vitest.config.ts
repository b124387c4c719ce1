import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const alias = { ov: new URL('./dsl/index.ts', import.meta.url).pathname }
/** Bundles of test projects run as they are: their positions are what ov maps back to the source. */
const server = { deps: { external: [/\/bundle\.mjs$/] } }

/** Last, and alone, these would keep everything else waiting. */
const LONGEST =
  /\/(?:(?:vault-)?killed|builders|keyring|catalogue|catalogue-texts|engines|deploys|host|host-killed|ssh)\.test\.ts$/
/** The longest files first: how long one is says most about how long it takes. */
class LongestFirst {
  sort<File extends { readonly moduleId: string }>(files: File[]): Promise<File[]> {
    const weight = ({ moduleId }: File) => (LONGEST.test(moduleId) ? Number.MAX_SAFE_INTEGER : statSync(moduleId).size)
    return Promise.resolve(files.toSorted((a, b) => weight(b) - weight(a)))
  }
  shard<File>(files: File[]): Promise<File[]> {
    return Promise.resolve(files)
  }
}

export default defineConfig({
  test: {
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/report.json' },
    globalSetup: './test/temporary.ts',
    sequence: { sequencer: LongestFirst },
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
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          expect: { poll: { timeout: 60_000, interval: 200 } },
        },
      },
    ],
  },
})
