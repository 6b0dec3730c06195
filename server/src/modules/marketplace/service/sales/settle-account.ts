import type Stripe from 'stripe'
import type { Ctx } from '../../../../context.ts'
import { coalesce } from '../../../payments/settle/coalesce.ts'
import { settle } from '../../../payments/settle/guard.ts'
import { ignored, type Outcome } from '../../../payments/settle/outcome.ts'
import { askStripe, isForbidden, isMissing } from '../../../payments/stripe/api.ts'
import { lockAccountByStripeId, updateAccount } from '../../queries/payout-accounts.ts'
import { recordExtensionEvent } from '../history.ts'

/** What one look at an account says about being paid. */
export interface AccountState {
  detailsSubmitted: boolean
  transfersEnabled: boolean
  payoutsEnabled: boolean
  requirementsDue: string[]
  disabledReason: string | null
}

export const stateOf = (account: Stripe.Account): AccountState => ({
  detailsSubmitted: account.details_submitted,
  transfersEnabled: account.capabilities?.transfers === 'active',
  payoutsEnabled: account.payouts_enabled,
  requirementsDue: account.requirements?.currently_due ?? [],
  disabledReason: account.requirements?.disabled_reason ?? null,
})

/**
 * Reads a publisher's account from Stripe and brings ours in line, whatever event told of it: shares that waited for it are sent.
 * One that Stripe no longer shows us is closed; its publisher may make another.
 */
export function settleAccount(ctx: Ctx, stripeAccountId: string): Promise<Outcome> {
  return coalesce(ctx, `account:${stripeAccountId}`, () =>
    settle(ctx, async (guard) => {
      await guard.watch('payout_account', stripeAccountId)
      const account = await readAccount(ctx, stripeAccountId)
      return (ctx) => applyAccount(ctx, stripeAccountId, account)
    }),
  )
}

async function readAccount(ctx: Ctx, stripeAccountId: string): Promise<Stripe.Account | null> {
  try {
    return await askStripe(ctx, (stripe) => stripe.accounts.retrieve(stripeAccountId))
  } catch (error) {
    if (isForbidden(error) || isMissing(error)) return null
    throw error
  }
}

async function applyAccount(
  ctx: Ctx,
  stripeAccountId: string,
  account: Stripe.Account | null,
): Promise<Outcome> {
  const ours = await lockAccountByStripeId(ctx.db, stripeAccountId)
  if (!ours) return ignored('not an account of a publisher of ours')
  if (ours.closedAt !== null) return { kind: 'settled' }
  const now = ctx.deps.clock.now()
  const { publisherId } = ours
  if (!account) {
    const closed = { transfersEnabled: false, payoutsEnabled: false, closedAt: now, updatedAt: now }
    await updateAccount(ctx.db, ours.id, closed)
    await recordExtensionEvent(ctx, { publisherId, type: 'payout_account.closed', cause: ours.id })
    return { kind: 'settled' }
  }
  const state = stateOf(account)
  await updateAccount(ctx.db, ours.id, { ...state, updatedAt: now })
  if (state.transfersEnabled === ours.transfersEnabled) return { kind: 'settled' }
  await recordExtensionEvent(ctx, {
    publisherId,
    type: state.transfersEnabled ? 'payout_account.enabled' : 'payout_account.disabled',
    cause: ours.id,
    ...(state.disabledReason === null ? {} : { reason: state.disabledReason }),
  })
  if (state.transfersEnabled) await ctx.deps.jobs.enqueue(ctx.db, 'sales.release', { publisherId })
  return { kind: 'settled' }
}
