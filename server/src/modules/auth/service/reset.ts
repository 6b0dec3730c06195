import { writeAudit } from '../../../audit.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../actor.ts'
import { RESET_TTL_MS } from '../constants.ts'
import { findHolder, lockAccount, setAddress } from '../queries/addresses.ts'
import { removeUnprovenAccess } from '../queries/credentials.ts'
import { deleteSessions } from '../queries.ts'
import { confirmPassword, storePassword } from './passwords.ts'
import { issueProof, redeemProof } from './proofs.ts'

/** Sends a link for a new password to the holder of the address, if there is one. Runs as a job. */
export async function sendResetMail(ctx: Ctx, email: string): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const holder = await findHolder(ctx.db, email)
    if (!holder) return
    const token = await issueProof(ctx, {
      proof: 'reset-password',
      userId: holder.userId,
      ttlMs: RESET_TTL_MS,
    })
    await queueMail(ctx, {
      dedupeKey: `reset-password:${ctx.requestId}:${holder.userId}`,
      to: email,
      template: 'reset-password',
      data: { name: holder.name },
      secret: { url: `${ctx.deps.env.PUBLIC_URL}/reset-password?token=${token}` },
    })
  })
}

/**
 * Sets a new password with the token of a link, and ends every session. The link proves the address, too: what was set up on
 * the account before anybody had proven it (a second step, linked accounts, API tokens) is removed, since it may be a stranger's.
 * @throws AUTH_TOKEN_INVALID when the token is unknown, used or older than an hour
 */
export async function resetPassword(
  ctx: Ctx,
  { token, password }: { token: string; password: string },
): Promise<{ ok: true }> {
  await ctx.deps.limits.consume([['link:ip', networkOf(ctx.ip)]])
  // Before the transaction: a hash takes a while and may wait for its turn, and a connection should not wait with it.
  const passwordHash = await ctx.deps.passwords.hash(password)
  return inTx(ctx, async (ctx) => {
    const userId = await redeemProof(ctx, 'reset-password', token)
    const account = userId === null ? undefined : await lockAccount(ctx.db, userId)
    if (!account) throw new AppError('AUTH_TOKEN_INVALID')
    const now = ctx.deps.clock.now()
    if (!account.emailVerified) {
      await removeUnprovenAccess(ctx.db, account.id, now)
      await setAddress(
        ctx.db,
        account.id,
        { email: account.email, claimedEmail: null, emailVerified: true },
        now,
      )
    }
    await storePassword(ctx, account.id, passwordHash)
    await deleteSessions(ctx.db, account.id)
    await tellOfChange(ctx, account)
    return { ok: true }
  })
}

/**
 * Changes the password of the signed-in person, and ends all other sessions.
 * @throws AUTH_INVALID_CREDENTIALS when the old password is wrong
 */
export async function changePassword(
  ctx: Ctx<SessionActor>,
  { password, newPassword }: { password: string; newPassword: string },
): Promise<{ ok: true }> {
  refuseImpersonation(ctx.actor)
  const { userId, sessionId } = ctx.actor
  await confirmPassword(ctx, password)
  const passwordHash = await ctx.deps.passwords.hash(newPassword)
  await inTx(ctx, async (ctx) => {
    const account = await lockAccount(ctx.db, userId)
    if (!account) throw new AppError('AUTH_SESSION_ENDED')
    await storePassword(ctx, userId, passwordHash)
    await deleteSessions(ctx.db, userId, sessionId)
    await tellOfChange(ctx, account)
  })
  return { ok: true }
}

async function tellOfChange(
  ctx: Ctx,
  account: { id: string; name: string; email: string; claimedEmail: string | null },
): Promise<void> {
  await writeAudit(ctx, { action: 'user.password_changed', subject: account.id })
  await queueMail(ctx, {
    dedupeKey: `password-changed:${ctx.requestId}:${account.id}`,
    to: account.claimedEmail ?? account.email,
    template: 'password-changed',
    data: { name: account.name },
  })
}
