import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts', 'tests/faults/global-setup.ts'],
    pool: 'forks',
    // One more than the two cores we count on: tests of crashes and queues wait a good part of their time.
    maxWorkers: 3,
    // Files share what they import: nothing of ours keeps state in a module, and imports were half of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
