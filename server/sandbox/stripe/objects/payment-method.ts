import { createHash } from 'node:crypto'
import { behaviorOf, type Card, cardByNumber, cardByTestId, debitBehavior } from '../cards.ts'
import type { Context } from '../context.ts'
import { invalid, missing, StripeFault } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { PaymentMethod } from '../types.ts'

interface Billing {
  email?: string | null
  name?: string | null
  phone?: string | null
  country?: string | null
}

/** A payment method of a documented test card. Nothing of the number but its last four digits is kept. */
export function newCardMethod(
  ctx: Context,
  card: Card,
  billing: Billing = {},
  testId?: string,
): PaymentMethod {
  const year = new Date(ctx.now * 1000).getUTCFullYear()
  const method: PaymentMethod = {
    ...base(ctx, billing),
    type: 'card',
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: card.country,
      display_brand: card.brand,
      exp_month: 12,
      exp_year: year + 4,
      fingerprint: fingerprint(`${card.brand}${card.last4}`),
      funding: card.funding,
      generated_from: null,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    _sandbox: { behavior: card.behavior, testId },
  }
  return ctx.add('payment_method', method)
}

/** A bank account that is debited: the money comes, or fails to come, days after the order. */
export function newDebitMethod(
  ctx: Context,
  type: 'us_bank_account' | 'sepa_debit',
  account: string,
  billing: Billing = {},
): PaymentMethod {
  const last4 = account.replace(/\s/g, '').slice(-4)
  const method: PaymentMethod = {
    ...base(ctx, billing),
    type,
    ...(type === 'sepa_debit'
      ? {
          sepa_debit: {
            bank_code: account.slice(4, 9),
            branch_code: '',
            country: account.slice(0, 2),
            fingerprint: fingerprint(`sepa${last4}`),
            generated_from: { charge: null, setup_attempt: null },
            last4,
          },
        }
      : {
          us_bank_account: {
            account_holder_type: 'individual',
            account_type: 'checking',
            bank_name: 'SANDBOX BANK',
            financial_connections_account: null,
            fingerprint: fingerprint(`ach${last4}`),
            last4,
            networks: { preferred: 'ach', supported: ['ach'] },
            routing_number: '110000000',
            status_details: null,
          },
        }),
    _sandbox: { behavior: debitBehavior(account) },
  }
  return ctx.add('payment_method', method)
}

function base(ctx: Context, billing: Billing): Omit<PaymentMethod, 'type'> {
  return {
    id: ctx.id('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: {
      address: {
        city: null,
        country: billing.country ?? null,
        line1: null,
        line2: null,
        postal_code: null,
        state: null,
      } as unknown as PaymentMethod['billing_details']['address'],
      email: billing.email ?? null,
      name: billing.name ?? null,
      phone: billing.phone ?? null,
      tax_id: null,
    },
    created: ctx.now,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
  }
}

function fingerprint(of: string): string {
  return createHash('sha256').update(of).digest('base64url').slice(0, 16)
}

/** A payment method by id; a test id such as `pm_card_visa` becomes a new one each time, as at Stripe. */
export function resolvePaymentMethod(ctx: Context, id: string, param = 'payment_method'): PaymentMethod {
  const card = id.startsWith('pm_card_') ? cardByTestId(id) : undefined
  if (card) return newCardMethod(ctx, card, {}, id)
  if (id === 'pm_usBankAccount' || id === 'pm_usBankAccount_success') {
    return newDebitMethod(ctx, 'us_bank_account', '000123456789')
  }
  const method = ctx.find('payment_method', id)
  if (!method) throw missing('PaymentMethod', id, param)
  return method
}

/** `POST /v1/payment_methods`: by token (the CLI), or a documented test number. */
export function createPaymentMethod(ctx: Context, params: Params): PaymentMethod {
  const type = params.oneOf('type', ['card', 'us_bank_account', 'sepa_debit'])
  if (!type) throw params.missing('type')
  const details = params.obj('billing_details')
  const address = details?.obj('address')
  address?.ignore('line1', 'line2', 'postal_code', 'city', 'state')
  const billing = {
    email: details?.str('email'),
    name: details?.str('name'),
    phone: details?.str('phone'),
    country: address?.str('country'),
  }
  const metadata = mergeMetadata(null, params)
  params.ignore('allow_redisplay')
  const card = params.obj('card')
  const sepa = params.obj('sepa_debit')
  const bank = params.obj('us_bank_account')
  card?.ignore('exp_month', 'exp_year', 'cvc')
  bank?.ignore('routing_number', 'account_holder_type', 'account_type')
  const method =
    type === 'card'
      ? newCardMethod(ctx, readCard(params, card), billing)
      : newDebitMethod(
          ctx,
          type,
          type === 'sepa_debit' ? (sepa?.need('iban') ?? '') : (bank?.need('account_number') ?? ''),
          billing,
        )
  params.done()
  ctx.change(method, { metadata })
  return method
}

function readCard(params: Params, card: Params | undefined): Card {
  if (!card) throw params.missing('card')
  const token = card.str('token')
  const found = token ? cardByTestId(token) : cardByNumber(card.need('number'))
  if (found) return found
  if (token) throw missing('token', token, 'card[token]')
  throw notATestCard()
}

/** The sandbox refuses every number that is not documented as a test card. */
export function notATestCard(): StripeFault {
  return new StripeFault(402, {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'test_mode_live_card',
    message: 'Your card was declined. This sandbox takes only the documented test cards.',
  })
}

/** Attaches to a customer. A declining card is refused already here, as at Stripe. */
export function attachPaymentMethod(
  ctx: Context,
  method: PaymentMethod,
  customer: string,
  options: { authenticated?: boolean } = {},
): PaymentMethod {
  if (method.customer && method.customer !== customer) {
    throw invalid(
      'The payment method you provided has already been attached to a customer.',
      'payment_method',
      'payment_method_unexpected_state',
    )
  }
  const { decline, threeDSecure } = behaviorOf(method._sandbox?.behavior ?? 'succeeds')
  if (decline && !threeDSecure) {
    throw new StripeFault(402, {
      type: 'card_error',
      code: decline.code,
      decline_code: decline.declineCode,
      message: decline.message,
    })
  }
  const secrets = { ...method._sandbox, behavior: method._sandbox?.behavior ?? 'succeeds' }
  if (options.authenticated) secrets.authenticated = true
  if (method.customer === customer) {
    ctx.change(method, { _sandbox: secrets })
    return method
  }
  ctx.change(method, { customer, _sandbox: secrets })
  ctx.emit('payment_method.attached', method)
  return method
}

export function detachPaymentMethod(ctx: Context, method: PaymentMethod): PaymentMethod {
  const holder = ctx.find('customer', method.customer)
  if (!holder)
    throw invalid(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    )
  ctx.changeAndEmit('payment_method.detached', method, { customer: null })
  if (holder.invoice_settings.default_payment_method === method.id) {
    ctx.changeAndEmit('customer.updated', holder, {
      invoice_settings: { ...holder.invoice_settings, default_payment_method: null },
    })
  }
  return method
}
