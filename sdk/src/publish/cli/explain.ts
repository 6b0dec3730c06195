import { orLocalFailure } from '../../errors.ts'
import { type DevForgeError, type DevForgeErrorCode, isDevForgeError } from '../../index.ts'
import { findingLine } from '../finding.ts'
import { EXIT, type Io, styleOf, UsageError } from './io.ts'

const CODES: Partial<Record<DevForgeErrorCode, number>> = {
  VSIX_INVALID: EXIT.rejected,
  VSIX_TOO_LARGE: EXIT.rejected,
  VERSION_EXISTS: EXIT.rejected,
  EXTENSION_REMOVED: EXIT.rejected,
  AUTH_REQUIRED: EXIT.forbidden,
  AUTH_SESSION_ENDED: EXIT.forbidden,
  AUTH_SCOPE_MISSING: EXIT.forbidden,
  AUTH_BANNED: EXIT.forbidden,
  FORBIDDEN: EXIT.forbidden,
  PUBLISHER_FORBIDDEN: EXIT.forbidden,
  ENTITLEMENT_REQUIRED: EXIT.forbidden,
  NETWORK: EXIT.unreachable,
  TIMEOUT: EXIT.unreachable,
  UNAVAILABLE: EXIT.unreachable,
  RATE_LIMITED: EXIT.unreachable,
  AUTH_RATE_LIMITED: EXIT.unreachable,
  ABORTED: EXIT.interrupted,
}

/** What people can do about it, where that is not plain. */
const HINTS: Partial<Record<DevForgeErrorCode, string>> = {
  AUTH_REQUIRED:
    'Sign in: devforge login. In CI, set DEVFORGE_TOKEN to an API token with the scope "publish".',
  AUTH_SESSION_ENDED: 'Sign in again: devforge login',
  VERSION_EXISTS: 'With --skip-duplicate this is no failure.',
}

/** Says what went wrong. @returns the code that the process ends with */
export function explain(error: unknown, io: Io, json: boolean): number {
  if (error instanceof UsageError) {
    if (json) io.out(`${JSON.stringify({ error: { code: 'USAGE', message: error.message } })}\n`)
    else io.err(`${error.message}\n`)
    return EXIT.usage
  }
  // A file that cannot be read, a folder that cannot be written.
  if (error instanceof Error && 'syscall' in error) return explain(orLocalFailure(error), io, json)
  if (!isDevForgeError(error)) throw error
  if (json) io.out(`${JSON.stringify({ error: errorObject(error) }, null, 2)}\n`)
  else for (const line of errorLines(error, io)) io.err(`${line}\n`)
  return CODES[error.code] ?? EXIT.failed
}

const errorObject = ({ code, message, details, requestId }: DevForgeError<DevForgeErrorCode>) => ({
  code,
  message,
  details,
  requestId,
})

function errorLines(error: DevForgeError<DevForgeErrorCode>, io: Io): string[] {
  const style = styleOf(io)
  const findings = isDevForgeError(error, 'VSIX_INVALID') ? (error.details?.findings ?? []) : []
  const hint = HINTS[error.code]
  return [
    ...findings.map(findingLine),
    `${style.red(error.code)}: ${error.message}`,
    ...(hint === undefined ? [] : [hint]),
    ...(error.requestId === null ? [] : [style.dim(`request ${error.requestId}`)]),
  ]
}
