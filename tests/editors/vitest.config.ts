import { defineConfig } from 'vitest/config'

/** Apart from `pnpm test`: the editor has to be fetched first. `pnpm test:editors` does that. */
export default defineConfig({
  test: {
    include: ['tests/editors/*.spec.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
