import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts', 'tests/faults/global-setup.ts'],
    pool: 'forks',
    // Two cores: more workers only fight Postgres for them.
    maxWorkers: 2,
    // Files share what they import: nothing of ours keeps state in a module, and imports were half of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
