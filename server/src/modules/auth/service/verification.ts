import { writeAudit } from '../../../audit.ts'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { inTx } from '../../../tx.ts'
import { holdPeople } from '../../support/service/people.ts'
import { eraseUser } from '../../users/service/erase.ts'
import { moveBelongings } from '../../users/service/join.ts'
import {
  accountsToJoin,
  findClaimant,
  hasSignIn,
  lockAccount,
  lockHolder,
  setAddress,
} from '../queries/addresses.ts'
import { deleteSessions } from '../queries.ts'
import { redeemProof } from './proofs.ts'
import { mailProof, shadowEmail } from './sign-up.ts'

type Account = NonNullable<Awaited<ReturnType<typeof lockAccount>>>

export interface Verified {
  ok: true
  /** The address was another account's: what was done in the new one is in that one now. Sign in there. */
  joined: boolean
}

/**
 * Proves a mail address with the token of a link. Of a shadow account, this settles whose the address is.
 * @throws AUTH_TOKEN_INVALID when the token is unknown, used or older than 24 hours
 */
export async function verifyEmail(ctx: Ctx, { token }: { token: string }): Promise<Verified> {
  await ctx.deps.limits.consume([['link:ip', networkOf(ctx.ip)]])
  return inTx(ctx, async (ctx) => {
    const userId = await redeemProof(ctx, 'verify-email', token)
    if (userId !== null) await holdPeople(ctx, await accountsToJoin(ctx.db, userId))
    const account = userId === null ? undefined : await lockAccount(ctx.db, userId)
    if (!account) throw new AppError('AUTH_TOKEN_INVALID')
    if (account.claimedEmail !== null) return claimAddress(ctx, account, account.claimedEmail)
    await prove(ctx, account.id, account.email)
    return { ok: true, joined: false }
  })
}

async function prove(ctx: Ctx, userId: string, email: string): Promise<void> {
  await setAddress(ctx.db, userId, { email, claimedEmail: null, emailVerified: true }, ctx.deps.clock.now())
}

/** A shadow account has proven the address that it asked for. */
async function claimAddress(ctx: Ctx, claimant: Account, email: string): Promise<Verified> {
  const holder = await lockHolder(ctx.db, email)
  if (holder?.emailVerified) {
    await moveBelongings(ctx, { from: claimant.id, to: holder.id })
    await eraseUser(ctx, claimant.id)
    await writeAudit(ctx, {
      action: 'user.joined',
      subject: holder.id,
      reason: 'the address was proven',
      after: { from: claimant.id },
    })
    return { ok: true, joined: true }
  }
  // Whoever proves an address first gets it. The account that merely had it until now (somebody else's sign-up, perhaps
  // hoping to be confirmed by mistake) becomes a claim like any other.
  if (holder) {
    const now = ctx.deps.clock.now()
    await setAddress(
      ctx.db,
      holder.id,
      { email: shadowEmail(holder.id), claimedEmail: email, emailVerified: false },
      now,
    )
  }
  await prove(ctx, claimant.id, email)
  await writeAudit(ctx, {
    action: 'user.address_claimed',
    subject: claimant.id,
    ...(holder ? { before: { holder: holder.id } } : {}),
  })
  // What was given to the address before anybody had an account with it belongs to whoever proves it.
  if (holder && !(await hasSignIn(ctx.db, holder.id))) {
    await moveBelongings(ctx, { from: holder.id, to: claimant.id })
    await deleteSessions(ctx.db, holder.id)
    await eraseUser(ctx, holder.id)
  }
  return { ok: true, joined: false }
}

/** Sends the link again, if an account claims the address. Runs as a job, so that the request itself is the same for all. */
export async function sendVerificationMail(ctx: Ctx, email: string): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const claimant = await findClaimant(ctx.db, email)
    if (!claimant) return
    await mailProof(ctx, {
      userId: claimant.userId,
      name: claimant.name,
      email,
      template: claimant.isShadow ? 'already-registered' : 'verify-email',
    })
  })
}
