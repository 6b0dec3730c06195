import { publicProcedure, router, sessionProcedure } from '../../trpc.ts'
import * as s from './schemas.ts'
import { apiTokens, createApiToken, revokeApiToken } from './service/api-tokens.ts'
import { approveDevice, deviceRequest, pollDevice, startDevice } from './service/device.ts'
import { requestMail } from './service/mail-requests.ts'
import { changePassword, resetPassword } from './service/reset.ts'
import { refresh, revokeSession, sessions, signOut } from './service/sessions.ts'
import { signIn } from './service/sign-in.ts'
import { signUp } from './service/sign-up.ts'
import { confirmTotp, disableTotp, enableTotp } from './service/totp.ts'
import { verifyEmail } from './service/verification.ts'

// Whatever carries a secret is a mutation: queries travel as GET, and URLs end up in logs.
export const authRouter = router({
  signUp: publicProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/sign-up', summary: 'Make an account and sign in' } })
    .input(s.signUpInput)
    .output(s.signedInSchema)
    .mutation(({ ctx, input }) => signUp(ctx, input)),
  signIn: publicProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/sign-in', summary: 'Sign in with mail address and password' },
    })
    .input(s.signInInput)
    .output(s.signedInSchema)
    .mutation(({ ctx, input }) => signIn(ctx, input)),
  refresh: publicProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/refresh', summary: 'Get a new access token' } })
    .input(s.refreshInput)
    .output(s.signedInSchema)
    .mutation(({ ctx, input }) => refresh(ctx, input)),
  signOut: publicProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/sign-out', summary: 'End the session' } })
    .input(s.signOutInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => signOut(ctx, input)),
  verifyEmail: publicProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/verify-email', summary: 'Prove a mail address' } })
    .input(s.verifyEmailInput)
    .output(s.verifiedSchema)
    .mutation(({ ctx, input }) => verifyEmail(ctx, input)),
  sendVerification: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/auth/send-verification',
        summary: 'Ask for a new verification mail',
      },
    })
    .input(s.emailInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => requestMail(ctx, 'verify-email', input)),
  requestPasswordReset: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/auth/request-password-reset',
        summary: 'Ask for a mail to set a new password',
      },
    })
    .input(s.emailInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => requestMail(ctx, 'reset-password', input)),
  resetPassword: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/auth/reset-password',
        summary: 'Set a new password with a mailed token',
      },
    })
    .input(s.resetPasswordInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => resetPassword(ctx, input)),
  changePassword: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/change-password', summary: 'Change the own password' },
    })
    .input(s.changePasswordInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => changePassword(ctx, input)),

  sessions: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/auth/sessions', summary: 'List the own sessions' } })
    .input(s.pageInput)
    .output(s.sessionsSchema)
    .query(({ ctx, input }) => sessions(ctx, input)),
  revokeSession: sessionProcedure
    .meta({
      openapi: { method: 'DELETE', path: '/auth/sessions/{id}', summary: 'End one of the own sessions' },
    })
    .input(s.idInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => revokeSession(ctx, input)),

  enableTotp: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/totp', summary: 'Begin to set up a second step' } })
    .input(s.enableTotpInput)
    .output(s.totpSetupSchema)
    .mutation(({ ctx, input }) => enableTotp(ctx, input)),
  confirmTotp: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/totp/confirm', summary: 'Switch the second step on' },
    })
    .input(s.confirmTotpInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => confirmTotp(ctx, input)),
  disableTotp: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/totp/disable', summary: 'Switch the second step off' },
    })
    .input(s.disableTotpInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => disableTotp(ctx, input)),

  startDevice: publicProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/device', summary: 'Begin the sign-in of a device (RFC 8628)' },
    })
    .input(s.startDeviceInput)
    .output(s.deviceStartSchema)
    .mutation(({ ctx, input }) => startDevice(ctx, input)),
  pollDevice: publicProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/device/poll', summary: 'Ask whether the sign-in was approved' },
    })
    .input(s.pollDeviceInput)
    .output(s.signedInSchema)
    .mutation(({ ctx, input }) => pollDevice(ctx, input)),
  deviceRequest: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/device/request', summary: 'Show what asks under a code' },
    })
    .input(s.userCodeInput)
    .output(s.deviceRequestSchema)
    .mutation(({ ctx, input }) => deviceRequest(ctx, input)),
  approveDevice: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/auth/device/approve',
        summary: 'Approve or refuse the sign-in of a device',
      },
    })
    .input(s.approveDeviceInput)
    .output(s.deviceDecisionSchema)
    .mutation(({ ctx, input }) => approveDevice(ctx, input)),

  createApiToken: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/api-tokens', summary: 'Make an API token' } })
    .input(s.createApiTokenInput)
    .output(s.createdApiTokenSchema)
    .mutation(({ ctx, input }) => createApiToken(ctx, input)),
  apiTokens: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/auth/api-tokens', summary: 'List the own API tokens' } })
    .input(s.pageInput)
    .output(s.apiTokensSchema)
    .query(({ ctx, input }) => apiTokens(ctx, input)),
  revokeApiToken: sessionProcedure
    .meta({ openapi: { method: 'DELETE', path: '/auth/api-tokens/{id}', summary: 'End an API token' } })
    .input(s.idInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => revokeApiToken(ctx, input)),
})
