import { defineErrors, error } from '../../errors/define.ts'

export const authErrors = defineErrors({
  AUTH_REQUIRED: error('UNAUTHORIZED', 'Sign in first.'),
  AUTH_SESSION_ENDED: error('UNAUTHORIZED', 'Your session has ended. Sign in again.'),
  AUTH_INVALID_CREDENTIALS: error('UNAUTHORIZED', 'The mail address, password or code is wrong.'),
  AUTH_RATE_LIMITED: error<{ retryAfterSeconds: number }>(
    'TOO_MANY_REQUESTS',
    'Too many attempts. Wait and try again.',
  ),
  AUTH_TOTP_REQUIRED: error('UNAUTHORIZED', 'Enter the code of your authenticator app.'),
  AUTH_BANNED: error('FORBIDDEN', 'This account is blocked. Contact support.'),
  AUTH_TOKEN_INVALID: error('BAD_REQUEST', 'This link or code is not valid any more. Ask for a new one.'),
  AUTH_SCOPE_MISSING: error<{ scope: string }>('FORBIDDEN', 'This API token lacks the scope for that.'),
})
