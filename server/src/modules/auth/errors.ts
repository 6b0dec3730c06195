import { defineErrors, error } from '../../errors/define.ts'

/** What RFC 8628 calls it, and how long to wait before the next poll. */
export interface DevicePoll {
  rfc8628: 'authorization_pending' | 'slow_down'
  intervalSeconds: number
}

export const authErrors = defineErrors({
  AUTH_REQUIRED: error('UNAUTHORIZED', 'Sign in first.'),
  AUTH_SESSION_ENDED: error('UNAUTHORIZED', 'Your session has ended. Sign in again.'),
  AUTH_INVALID_CREDENTIALS: error('UNAUTHORIZED', 'The mail address, password or code is wrong.'),
  AUTH_RATE_LIMITED: error<{ retryAfterSeconds: number }>(
    'TOO_MANY_REQUESTS',
    'Too many attempts. Wait and try again.',
  ),
  AUTH_TOTP_REQUIRED: error('UNAUTHORIZED', 'Enter the code of your authenticator app.'),
  AUTH_TOTP_ALREADY_ENABLED: error('CONFLICT', 'The second step is on already. Switch it off first.'),
  AUTH_BANNED: error('FORBIDDEN', 'This account is blocked. Contact support.'),
  AUTH_TOKEN_INVALID: error('BAD_REQUEST', 'This link or code is not valid any more. Ask for a new one.'),
  AUTH_SCOPE_MISSING: error<{ scope: string }>('FORBIDDEN', 'This API token lacks the scope for that.'),
  AUTH_API_TOKEN_LIMIT: error<{ limit: number }>(
    'CONFLICT',
    'Too many API tokens. Revoke one you do not use.',
  ),
  AUTH_DEVICE_PENDING: error<DevicePoll>('BAD_REQUEST', 'The sign-in was not approved yet. Ask again later.'),
  AUTH_DEVICE_SLOW_DOWN: error<DevicePoll>(
    'BAD_REQUEST',
    'You ask too often. Wait longer between two polls.',
  ),
  AUTH_DEVICE_DENIED: error<{ rfc8628: 'access_denied' }>('FORBIDDEN', 'The sign-in was refused.'),
  AUTH_DEVICE_EXPIRED: error<{ rfc8628: 'expired_token' }>(
    'BAD_REQUEST',
    'The code is not valid any more. Start again.',
  ),
})
