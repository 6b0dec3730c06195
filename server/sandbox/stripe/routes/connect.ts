import { balanceInsufficient, invalid } from '../errors.ts'
import { randomText } from '../ids.ts'
import { listOf } from '../lists.ts'
import { createAccount, updateAccount } from '../objects/account.ts'
import { balanceOf } from '../objects/balance.ts'
import { createTransfer, refundApplicationFee, reverseTransfer } from '../objects/connect.ts'
import { createPayout } from '../objects/payout.ts'
import { mergeMetadata } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'

const LINK_SECONDS = 300

export const connectRoutes: Route[] = [
  post('/v1/accounts', ({ ctx, params }) => createAccount(ctx, params)),
  get('/v1/accounts/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('account', path('id'))
  }),
  get('/v1/accounts', ({ ctx, params }) => listOf(ctx, 'account', params, '/v1/accounts')),
  post('/v1/accounts/:id', ({ ctx, params, path }) =>
    updateAccount(ctx, ctx.get('account', path('id')), params),
  ),
  del('/v1/accounts/:id', ({ ctx, path }) => {
    const account = ctx.get('account', path('id'))
    const application = { id: 'ca_sandbox', object: 'application', name: 'Sandbox' }
    ctx.forAccount(account.id).emit('account.application.deauthorized', application)
    ctx.store.delete(account.id)
    return { id: account.id, object: 'account', deleted: true }
  }),
  post('/v1/account_links', ({ ctx, params }) => {
    const account = ctx.get('account', params.need('account'), 'account')
    const refresh = params.str('refresh_url')
    const back = params.str('return_url')
    const type = params.oneOf('type', ['account_onboarding', 'account_update'])
    if (!type) throw params.missing('type')
    if (!back || !refresh) throw params.missing(back ? 'refresh_url' : 'return_url')
    params.ignore('collect', 'collection_options')
    params.done()
    const query = new URLSearchParams({ return_url: back, refresh_url: refresh, code: randomText(12) })
    return {
      object: 'account_link',
      created: ctx.now,
      expires_at: ctx.now + LINK_SECONDS,
      url: `${ctx.url}/connect/onboarding/${account.id}?${query}`,
    }
  }),
  post('/v1/accounts/:id/login_links', ({ ctx, path }) => {
    const account = ctx.get('account', path('id'))
    return { object: 'login_link', created: ctx.now, url: `${ctx.url}/connect/onboarding/${account.id}` }
  }),
  post('/v1/transfers', ({ ctx, params }) => {
    const input = {
      amountMinor: params.int('amount'),
      currency: params.needCurrency('currency'),
      destination: params.need('destination'),
      description: params.str('description'),
      sourceTransaction: params.str('source_transaction'),
      transferGroup: params.str('transfer_group'),
      metadata: mergeMetadata(null, params),
    }
    params.ignore('source_type')
    params.done()
    const source = input.sourceTransaction
      ? ctx.get('charge', input.sourceTransaction, 'source_transaction')
      : undefined
    const amountMinor = input.amountMinor ?? source?.amount
    if (amountMinor === undefined) throw params.missing('amount')
    if (source) {
      const sent = ctx
        .all('transfer', { source_transaction: source.id })
        .reduce((sum, transfer) => sum + transfer.amount, 0)
      if (sent + amountMinor > source.amount) {
        throw invalid(
          "Cannot create transfers with a total amount greater than the charge's amount.",
          'amount',
        )
      }
    }
    return createTransfer(ctx, {
      ...input,
      amountMinor,
      transferGroup:
        input.transferGroup ?? source?.transfer_group ?? (source ? `group_${source.payment_intent}` : null),
    })
  }),
  get('/v1/transfers/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('transfer', path('id'))
  }),
  get('/v1/transfers', ({ ctx, params }) => {
    const where = { destination: params.str('destination'), transfer_group: params.str('transfer_group') }
    return listOf(ctx, 'transfer', params, '/v1/transfers', where)
  }),
  post('/v1/transfers/:id', ({ ctx, params, path }) => {
    const transfer = ctx.get('transfer', path('id'))
    const metadata = mergeMetadata(transfer.metadata, params)
    const description = params.nullable('description')
    params.done()
    ctx.changeAndEmit('transfer.updated', transfer, {
      metadata,
      ...(description === undefined ? {} : { description }),
    })
    return transfer
  }),
  post('/v1/transfers/:id/reversals', ({ ctx, params, path }) => {
    const transfer = ctx.get('transfer', path('id'))
    const amount = params.int('amount')
    const metadata = mergeMetadata(null, params)
    params.ignore('description', 'refund_application_fee')
    params.done()
    // Of what has arrived there and was not paid out.
    const there = balanceOf(ctx.forAccount(transfer.destination ?? ''))
    const leftMinor =
      (there.available.get(transfer.currency) ?? 0) + (there.pending.get(transfer.currency) ?? 0)
    if ((amount ?? transfer.amount - transfer.amount_reversed) > leftMinor) throw balanceInsufficient()
    return reverseTransfer(ctx, transfer, amount, { metadata })
  }),
  get('/v1/transfers/:id/reversals', ({ ctx, params, path }) =>
    listOf(ctx, 'transfer_reversal', params, `/v1/transfers/${path('id')}/reversals`, {
      transfer: path('id'),
    }),
  ),
  get('/v1/transfers/:id/reversals/:reversal', ({ ctx, path }) =>
    ctx.get('transfer_reversal', path('reversal')),
  ),
  post('/v1/payouts', ({ ctx, params }) => {
    const input = {
      amountMinor: params.needInt('amount'),
      currency: params.needCurrency('currency'),
      metadata: mergeMetadata(null, params),
    }
    params.ignore('method', 'description', 'statement_descriptor')
    params.done()
    return createPayout(ctx, input)
  }),
  get('/v1/payouts/:id', ({ ctx, path }) => ctx.get('payout', path('id'))),
  get('/v1/payouts', ({ ctx, params }) => listOf(ctx, 'payout', params, '/v1/payouts')),
  get('/v1/application_fees/:id', ({ ctx, path }) => ctx.get('application_fee', path('id'))),
  get('/v1/application_fees', ({ ctx, params }) =>
    listOf(ctx, 'application_fee', params, '/v1/application_fees', { charge: params.str('charge') }),
  ),
  post('/v1/application_fees/:id/refunds', ({ ctx, params, path }) => {
    const fee = ctx.get('application_fee', path('id'))
    const left = fee.amount - fee.amount_refunded
    const amount = params.int('amount') ?? left
    params.ignore('metadata')
    params.done()
    if (amount < 1 || amount > left)
      throw invalid(`Refund amount is greater than the unrefunded fee (${left}).`, 'amount')
    refundApplicationFee(ctx, fee, amount)
    return ctx.all('fee_refund', { fee: fee.id })[0] ?? fee
  }),
]
