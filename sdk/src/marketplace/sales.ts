import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** Selling extensions. Amounts are integers in minor units. Owners of the publisher only. */
export interface SalesApi {
  /**
   * Prices an extension, or makes it free (`free: true`). Who bought it keeps it. The publisher needs a payout account that can take money.
   * @throws PUBLISHER_FORBIDDEN, EXTENSION_NOT_FOUND, PAYOUT_ACCOUNT_REQUIRED (`details.requirementsDue`), PRICE_OUT_OF_RANGE,
   * CURRENCY_NOT_SUPPORTED, PAYMENTS_NOT_CONFIGURED
   */
  setPrice(
    input: Input<'marketplace.setPrice'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.setPrice'>>

  /**
   * Opens the payment provider's page on which the owner says where the publisher's money goes: show `url` in a browser, once, before
   * `expiresAt`. Called again it is the same account; once that is complete, `url` shows it.
   * @throws PUBLISHER_FORBIDDEN, PAYMENTS_NOT_CONFIGURED, STRIPE_UNAVAILABLE
   */
  createPayoutAccount(
    input: Input<'marketplace.createPayoutAccount'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.createPayoutAccount'>>

  /**
   * What a publisher earned, was sent and is owed, by currency, and the state of its payout account. `feeBps` is the share that the
   * marketplace keeps, in hundredths of a percent. Owners of a publisher see its money also after it was removed.
   * @throws PUBLISHER_FORBIDDEN
   */
  balance(input: Input<'marketplace.balance'>, options?: CallOptions): Promise<Output<'marketplace.balance'>>

  /**
   * The ledger of a month (`2026-11`), oldest entry first, with totals by currency that add up to the cent.
   * @throws PUBLISHER_FORBIDDEN
   */
  payouts(input: Input<'marketplace.payouts'>, options?: CallOptions): Promise<Output<'marketplace.payouts'>>

  /**
   * The same month as CSV.
   * @throws PUBLISHER_FORBIDDEN
   */
  payoutsCsv(
    input: Input<'marketplace.payoutsCsv'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.payoutsCsv'>>
}

export const salesApi = (call: Caller): SalesApi =>
  methodsOf<SalesApi>(call, {
    setPrice: 'mutation',
    createPayoutAccount: 'mutation',
    balance: 'query',
    payouts: 'query',
    payoutsCsv: 'query',
  })
