import {
  LicenseManager,
  type LicenseManagerOptions,
  type LicenseManager as Manager,
  memoryLicenseStorage,
} from '@devforge/sdk/offline'
import { createAuthority } from './authority.ts'

/** A machine with a license manager, and the authority that it talks to; each with a clock of its own. */
export function createMachine(over: Partial<LicenseManagerOptions> = {}) {
  const start = Date.UTC(2026, 2, 1, 12)
  const server = { nowMs: start }
  const local = { nowMs: start }
  const authority = createAuthority(server)
  const storage = over.storage ?? memoryLicenseStorage()
  const errors: unknown[] = []
  const manage = (more: Partial<LicenseManagerOptions> = {}): Manager =>
    new LicenseManager({
      forge: authority.forge,
      fingerprint: 'machine-of-ada',
      storage,
      now: () => local.nowMs,
      onError: (error) => errors.push(error),
      ...over,
      ...more,
    })
  const manager = manage()
  return {
    authority,
    server,
    local,
    storage,
    errors,
    manage,
    manager,
    /** Time passes, at both ends. */
    pass(ms: number) {
      server.nowMs += ms
      local.nowMs += ms
    },
    /** The application is closed and started again. */
    async restart(more: Partial<LicenseManagerOptions> = {}) {
      await manager.close()
      const next = manage(more)
      return { manager: next, status: await next.load() }
    },
  }
}
