import { newId } from '@devforge/db'
import { actorLabel, type Ctx, type SessionActor } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { askStripe, fromUnix, stripeOf } from '../../../payments/stripe/api.ts'
import {
  findOpenAccount,
  insertAccount,
  keepStripeAccount,
  type PayoutAccountRow,
} from '../../queries/payout-accounts.ts'
import { recordExtensionEvent } from '../history.ts'
import { holdPublisher, requirePayee } from '../publishers.ts'
import { settleAccount } from './settle-account.ts'

export interface CreatePayoutAccount {
  publisher: string
  returnUrl: string
  refreshUrl: string
  country?: string | undefined
}

/** A publisher's account as its owners see it. */
export function presentAccount(account: PayoutAccountRow) {
  const { detailsSubmitted, transfersEnabled, payoutsEnabled, requirementsDue, disabledReason } = account
  return { detailsSubmitted, transfersEnabled, payoutsEnabled, requirementsDue, disabledReason }
}

/**
 * Opens the provider's page on which the owner of a publisher says where its money goes; once that is done, the page that shows
 * it. The account is made at the first call; called again, after a crash too, it is the same one.
 * @throws PUBLISHER_FORBIDDEN, PAYMENTS_NOT_CONFIGURED, STRIPE_UNAVAILABLE
 */
export async function createPayoutAccount(ctx: Ctx<SessionActor>, input: CreatePayoutAccount) {
  stripeOf(ctx)
  refuseImpersonation(ctx.actor)
  const publisher = await requirePayee(ctx, input.publisher)
  const country = input.country ?? null
  // Twice, for an account that was closed at the provider since we looked last: then another is made.
  for (let attempt = 1; ; attempt++) {
    const row = await startAccount(ctx, { publisherId: publisher.id, country })
    const stripeAccountId = row.stripeAccountId ?? (await makeAccount(ctx, row))
    await settleAccount(ctx, stripeAccountId)
    const account = await findOpenAccount(ctx.db, publisher.id)
    if (account) {
      return { ...(await openPage(ctx, stripeAccountId, account, input)), account: presentAccount(account) }
    }
    if (attempt === 2) throw new AppError('STRIPE_UNAVAILABLE')
  }
}

/** Our row, committed before Stripe is asked. Two owners at once get one. */
async function startAccount(
  ctx: Ctx,
  { publisherId, country }: { publisherId: string; country: string | null },
): Promise<PayoutAccountRow> {
  return inTx(ctx, async (ctx) => {
    await holdPublisher(ctx, publisherId, { evenRemoved: true })
    const known = await findOpenAccount(ctx.db, publisherId)
    if (known) return known
    const now = ctx.deps.clock.now()
    const id = newId('poa')
    const row = await insertAccount(ctx.db, {
      id,
      publisherId,
      country,
      createdBy: actorLabel(ctx.actor),
      stripeIdempotencyKey: `payout_account_${id}`,
      createdAt: now,
      updatedAt: now,
    })
    if (row) await recordExtensionEvent(ctx, { publisherId, type: 'payout_account.created', cause: id })
    const account = row ?? (await findOpenAccount(ctx.db, publisherId))
    if (!account) throw new Error('payout account neither inserted nor found')
    return account
  })
}

/** What is sent under the key never changes. */
async function makeAccount(ctx: Ctx, row: PayoutAccountRow): Promise<string> {
  const made = await askStripe(ctx, (stripe) =>
    stripe.accounts.create(
      {
        type: 'express',
        ...(row.country ? { country: row.country } : {}),
        capabilities: { transfers: { requested: true } },
        metadata: { publisher_id: row.publisherId, payout_account_id: row.id },
      },
      { idempotencyKey: row.stripeIdempotencyKey },
    ),
  )
  const kept = await keepStripeAccount(ctx.db, row.id, {
    stripeAccountId: made.id,
    updatedAt: ctx.deps.clock.now(),
  })
  return kept?.stripeAccountId ?? made.id
}

async function openPage(
  ctx: Ctx,
  stripeAccountId: string,
  { detailsSubmitted, requirementsDue }: PayoutAccountRow,
  { returnUrl, refreshUrl }: CreatePayoutAccount,
): Promise<{ url: string; expiresAt: Date | null }> {
  if (detailsSubmitted && requirementsDue.length === 0) {
    const { url } = await askStripe(ctx, (stripe) => stripe.accounts.createLoginLink(stripeAccountId))
    return { url, expiresAt: null }
  }
  const link = await askStripe(ctx, (stripe) =>
    stripe.accountLinks.create({
      account: stripeAccountId,
      type: 'account_onboarding',
      return_url: returnUrl,
      refresh_url: refreshUrl,
    }),
  )
  return { url: link.url, expiresAt: fromUnix(link.expires_at) }
}
