import type { Ctx } from '../../../context.ts'
import { type LimitName, networkOf } from '../../../limits.ts'

type MailKind = 'verify-email' | 'reset-password'

/**
 * Takes a request for a mail. What follows depends on whether the address is known, so it happens in a job: the request does
 * the same work and takes the same time for every address. Limited per address of the mail and of the caller.
 * @throws AUTH_RATE_LIMITED
 */
export async function requestMail(
  ctx: Ctx,
  kind: MailKind,
  { email }: { email: string },
): Promise<{ ok: true }> {
  const limits: [LimitName, string][] = [
    ['mail:ip', networkOf(ctx.ip)],
    ['mail:account', `${kind} ${email}`],
  ]
  await ctx.deps.limits.consume(limits)
  // The address is sealed: jobs are kept for a while, also those of addresses that no account has.
  const sealedEmail = ctx.deps.secrets.seal(email, `auth.mail:${kind}`).toString('base64')
  await ctx.deps.jobs.enqueue(ctx.db, 'auth.mail', { kind, sealedEmail, requestId: ctx.requestId })
  return { ok: true }
}
