import type { Env } from '../../../env.ts'
import { clamdScanner } from './clamd.ts'
import { execScanner } from './exec.ts'
import { type Scanner, ScannerFailure } from './types.ts'

/** Nothing but our own checks, which every package goes through anyway. Whoever sets this has decided so. */
const builtin: Scanner = { scan: async () => ({ clean: true }) }

/** Nothing is published unseen because somebody forgot a setting. */
const none: Scanner = {
  async scan() {
    throw new ScannerFailure(
      'No malware scanner is set up on this server. The package waits until its operator sets MALWARE_SCANNER.',
    )
  },
}

export function createScanner(setting: Env['MALWARE_SCANNER']): Scanner {
  if (setting === undefined) return none
  if (setting === 'builtin') return builtin
  if (setting.startsWith('exec:')) return execScanner(setting.slice('exec:'.length))
  return clamdScanner(setting)
}
