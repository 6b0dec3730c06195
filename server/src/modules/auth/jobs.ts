import { defineJob } from '../../jobs/types.ts'
import { purgeExpired } from './queries/purge.ts'
import { sendResetMail } from './service/reset.ts'
import { sendVerificationMail } from './service/verification.ts'

export const authJobs = [
  defineJob({
    name: 'auth.mail',
    async handler(ctx, { kind, sealedEmail, requestId }) {
      const email = ctx.deps.secrets.open(Buffer.from(sealedEmail, 'base64'), `auth.mail:${kind}`)
      // The mail's key is made of the request's id: a job that runs twice sends one.
      const request = { ...ctx, requestId }
      await (kind === 'verify-email' ? sendVerificationMail(request, email) : sendResetMail(request, email))
    },
  }),
  defineJob({
    name: 'auth.purge',
    cron: '17 * * * *',
    handler: (ctx) => purgeExpired(ctx.db, ctx.deps.clock.now()),
  }),
]
