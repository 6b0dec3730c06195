import type { Context } from '../context.ts'
import { embedded } from '../lists.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Account } from '../types.ts'

const OPEN_REQUIREMENTS = [
  'business_profile.url',
  'external_account',
  'tos_acceptance.date',
  'tos_acceptance.ip',
]

/** A connected account; it can take money once its owner has gone through the onboarding page. */
export function createAccount(ctx: Context, params: Params): Account {
  const controller = params.obj('controller')
  const type = params.oneOf('type', ['custom', 'express', 'standard']) ?? (controller ? 'none' : 'standard')
  const id = ctx.id('acct')
  const account: Account = {
    id,
    object: 'account',
    business_profile: {
      annual_revenue: null,
      estimated_worker_count: null,
      mcc: null,
      minority_owned_business_designation: null,
      name: params.obj('business_profile')?.str('name') ?? null,
      specified_commercial_transactions_act_url: null,
      support_address: null,
      support_email: null,
      support_phone: null,
      support_url: null,
      url: null,
    } as Account['business_profile'],
    business_type:
      params.oneOf('business_type', ['company', 'government_entity', 'individual', 'non_profit']) ?? null,
    capabilities: {},
    charges_enabled: false,
    country: params.str('country') ?? 'US',
    created: ctx.now,
    default_currency: params.currency('default_currency') ?? 'usd',
    details_submitted: false,
    email: params.str('email') ?? null,
    external_accounts: embedded([], `/v1/accounts/${id}/external_accounts`),
    future_requirements: requirements([]),
    metadata: mergeMetadata(null, params),
    payouts_enabled: false,
    requirements: requirements(OPEN_REQUIREMENTS) as Account['requirements'],
    settings: null,
    tos_acceptance: { date: null, ip: null, user_agent: null },
    type,
  }
  const asked = params.obj('capabilities')
  for (const capability of ['card_payments', 'transfers'] as const) {
    const requested = asked?.obj(capability)?.bool('requested')
    if (requested || type === 'standard')
      account.capabilities = { ...account.capabilities, [capability]: 'inactive' }
  }
  controller?.ignore('fees', 'losses', 'requirement_collection', 'stripe_dashboard')
  params.obj('business_profile')?.ignore('mcc', 'url', 'product_description', 'support_email')
  params.ignore('settings', 'tos_acceptance', 'individual', 'company', 'external_account')
  params.done()
  return ctx.add('account', account)
}

function requirements(due: string[]): Account['future_requirements'] {
  return {
    alternatives: [],
    current_deadline: null,
    currently_due: due,
    disabled_reason: due.length > 0 ? 'requirements.past_due' : null,
    errors: [],
    eventually_due: due,
    past_due: due,
    pending_verification: [],
  } as Account['future_requirements']
}

export function updateAccount(ctx: Context, account: Account, params: Params): Account {
  const patch: Partial<Account> = { metadata: mergeMetadata(account.metadata ?? {}, params) }
  const email = params.nullable('email')
  if (email !== undefined) patch.email = email
  params.ignore(
    'business_profile',
    'business_type',
    'capabilities',
    'settings',
    'tos_acceptance',
    'individual',
    'company',
    'external_account',
    'default_currency',
  )
  params.done()
  changeAccount(ctx, account, patch)
  return account
}

/** What the owner does on the onboarding page. */
export function finishOnboarding(ctx: Context, account: Account): void {
  const active = Object.fromEntries(
    Object.keys({ transfers: 1, ...account.capabilities }).map((name) => [name, 'active']),
  )
  changeAccount(ctx, account, {
    capabilities: active,
    charges_enabled: true,
    details_submitted: true,
    payouts_enabled: true,
    requirements: requirements([]) as Account['requirements'],
    tos_acceptance: { date: ctx.now, ip: '127.0.0.1', user_agent: 'sandbox' },
  })
}

/** What Stripe does when an account's owner owes it an answer: nothing may be sent there, nothing leaves. */
export function restrictAccount(ctx: Context, account: Account): void {
  const due = ['individual.verification.document']
  changeAccount(ctx, account, {
    capabilities: { ...account.capabilities, transfers: 'inactive' },
    payouts_enabled: false,
    requirements: requirements(due) as Account['requirements'],
  })
}

/** Events of connected accounts carry the account, as Connect webhooks do. */
function changeAccount(ctx: Context, account: Account, patch: Partial<Account>): void {
  const previous = ctx.change(account, patch)
  if (Object.keys(previous).length > 0) ctx.forAccount(account.id).emit('account.updated', account, previous)
}
