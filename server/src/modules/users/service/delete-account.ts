import type { Ctx, SessionActor } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { confirmPassword } from '../../auth/service/passwords.ts'
import { revokeLicense } from '../../licenses/service/decide.ts'
import { leavePublishers } from '../../marketplace/service/leave-publishers.ts'
import { closeCheckouts } from '../../payments/service/close-checkouts.ts'
import { holdPeople } from '../../support/service/people.ts'
import { openLicenseIds, openSubscriptionIds } from '../queries/erase.ts'
import { findUser } from '../queries.ts'
import { eraseUser } from './erase.ts'
import { assertNotLastAdmin } from './last-admin.ts'

/**
 * Deletes the own account: everything personal is erased at once, licenses end, subscriptions are cancelled at Stripe, and a
 * last mail says so. Records of payments stay, without a name.
 * @throws AUTH_INVALID_CREDENTIALS, LAST_ADMIN, PUBLISHER_SOLE_OWNER
 */
export async function deleteAccount(
  ctx: Ctx<SessionActor>,
  { password }: { password: string },
): Promise<{ ok: true }> {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await confirmPassword(ctx, password)
  await inTx(ctx, async (ctx) => {
    await holdPeople(ctx, [userId])
    // Before all else, since what is being bought in this moment is then either among the licenses below, or refused.
    await closeCheckouts(ctx, userId)
    const user = await findUser(ctx.db, userId)
    if (!user) throw notFound('user', userId)
    if (user.role === 'admin') await assertNotLastAdmin(ctx, userId)
    await leavePublishers(ctx, userId)
    for (const licenseId of await openLicenseIds(ctx.db, userId)) {
      await revokeLicense(ctx, { licenseId, reason: 'the account was deleted', cause: userId })
    }
    for (const subscriptionId of await openSubscriptionIds(ctx.db, userId)) {
      await ctx.deps.jobs.enqueue(ctx.db, 'stripe.cancel', { subscriptionId })
    }
    await queueMail(ctx, {
      dedupeKey: `account-deleted:${userId}`,
      to: user.claimedEmail ?? user.email,
      template: 'account-deleted',
      data: { name: user.name },
    })
    await eraseUser(ctx, userId)
  })
  return { ok: true }
}
