import { newId } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import { networkOf } from '../../../limits.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx, violatedConstraint } from '../../../tx.ts'
import { VERIFY_TTL_MS } from '../constants.ts'
import { withEngine } from '../engine.ts'
import { isEmailHeld } from '../queries.ts'
import type { SignedIn, SignUpInput } from '../schemas.ts'
import { issueProof } from './proofs.ts'
import { startSession } from './sessions.ts'

/** The placeholder that stands in `users.email` of a shadow account. `.invalid` never receives mail (RFC 2606). */
export const shadowEmail = (userId: string): string => `shadow+${userId}@devforge.invalid`.toLowerCase()

/**
 * Makes an account and signs it in. An address that somebody holds gets an account as well, a shadow: same answer, same work,
 * so that nobody learns who has an account here. The holder is told by mail, with a link that joins the two.
 * @throws AUTH_RATE_LIMITED
 */
export async function signUp(ctx: Ctx, input: SignUpInput): Promise<SignedIn> {
  await ctx.deps.limits.consume([
    ['sign-up:ip', networkOf(ctx.ip)],
    ['sign-up:account', input.email],
  ])
  const passwordHash = await ctx.deps.passwords.hash(input.password)
  try {
    return await createAccount(ctx, input, passwordHash)
  } catch (error) {
    // Two signed up with one address at the same moment: the second finds it held now.
    if (violatedConstraint(error) !== 'users_email_key') throw error
    return createAccount(ctx, input, passwordHash)
  }
}

function createAccount(ctx: Ctx, { email, name }: SignUpInput, passwordHash: string): Promise<SignedIn> {
  return inTx(ctx, async (ctx) => {
    const isHeld = await isEmailHeld(ctx.db, email)
    const userId = newId('usr')
    await withEngine(ctx, async (stores) => {
      await stores.createUser(
        {
          id: userId,
          name,
          email: isHeld ? shadowEmail(userId) : email,
          claimedEmail: isHeld ? email : null,
          emailVerified: false,
        },
        { method: 'email-password' },
      )
      await stores.linkAccount({
        userId,
        providerId: 'credential',
        accountId: userId,
        password: passwordHash,
      })
    })
    await mailProof(ctx, { userId, name, email, template: isHeld ? 'already-registered' : 'verify-email' })
    return startSession(ctx, userId)
  })
}

/** Promises the mail whose link proves an address. */
export async function mailProof(
  ctx: Ctx,
  to: { userId: string; name: string; email: string; template: 'already-registered' | 'verify-email' },
): Promise<void> {
  const token = await issueProof(ctx, { proof: 'verify-email', userId: to.userId, ttlMs: VERIFY_TTL_MS })
  await queueMail(ctx, {
    dedupeKey: `verify-email:${ctx.requestId}:${to.userId}`,
    to: to.email,
    template: to.template,
    data: { name: to.name },
    secret: { url: `${ctx.deps.env.PUBLIC_URL}/verify-email?token=${token}` },
  })
}
