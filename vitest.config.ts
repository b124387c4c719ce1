import { defineConfig } from 'vitest/config'

const alias = { ov: new URL('./dsl/index.ts', import.meta.url).pathname }

export default defineConfig({
  test: {
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/report.json' },
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
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
