import { newIdempotencyKey } from './client/idempotency.ts'
import type { Caller, CallOptions, Input, Output } from './contract.ts'

/** Plans, checkouts, payments, invoices and subscriptions. Amounts are integers in minor units (cents) of their currency. */
export class PaymentsApi {
  readonly #call: Caller

  constructor(call: Caller) {
    this.#call = call
  }

  /**
   * What is on sale. Needs no session.
   */
  plans(options?: CallOptions): Promise<Output<'payments.plans'>> {
    return this.#call('payments.plans', 'query', undefined, options)
  }

  /**
   * Starts a purchase. Open `url` in a browser; the customer pays there and is sent to `successUrl` (a web page or a
   * `devforge://` link), where {@link checkout} tells how it ended. The SDK gives each call an `idempotencyKey` and repeats it
   * with that when the connection fails; give one yourself to repeat a call later: the same key is the same purchase.
   * A paid extension is bought the same way: `item: { extension: 'publisher.name' }`; afterwards `license.sync({ force: true })` brings
   * it into the lease at once.
   * @throws PLAN_NOT_FOUND, EXTENSION_NOT_FOR_SALE, ALREADY_OWNED (`details.licenseId`; null while a payment is on its way), LICENSE_NOT_RENEWABLE,
   * CURRENCY_NOT_SUPPORTED, CHECKOUT_EXPIRED, CHECKOUT_FAILED, QUANTITY_NOT_SUPPORTED, PROMOTION_CODE_INVALID, IDEMPOTENCY_CONFLICT, PAYMENTS_NOT_CONFIGURED, STRIPE_UNAVAILABLE
   * @example
   * const { id, url } = await forge.payments.createCheckout({
   *   item: { plan: 'pro' },
   *   successUrl: 'devforge://checkout/done',
   *   cancelUrl: 'devforge://checkout/canceled',
   * })
   */
  createCheckout(
    input: Input<'payments.createCheckout'>,
    options?: CallOptions,
  ): Promise<Output<'payments.createCheckout'>> {
    const withKey = { idempotencyKey: newIdempotencyKey(), ...input }
    return this.#call('payments.createCheckout', 'mutation', withKey, options)
  }

  /**
   * How a purchase stands; poll it after the customer came back. `licenseKey` is there for one hour after the purchase, and
   * in the mail.
   * @throws NOT_FOUND
   */
  checkout(input: Input<'payments.checkout'>, options?: CallOptions): Promise<Output<'payments.checkout'>> {
    return this.#call('payments.checkout', 'query', input, options)
  }

  /**
   * Your payments with their refunds and what happened to them, newest first.
   */
  list(input: Input<'payments.list'> = {}, options?: CallOptions): Promise<Output<'payments.list'>> {
    return this.#call('payments.list', 'query', input, options)
  }

  /**
   * One of your payments.
   * @throws NOT_FOUND
   */
  get(input: Input<'payments.get'>, options?: CallOptions): Promise<Output<'payments.get'>> {
    return this.#call('payments.get', 'query', input, options)
  }

  /**
   * Your invoices, newest first, with links to their page and PDF.
   */
  invoices(
    input: Input<'payments.invoices'> = {},
    options?: CallOptions,
  ): Promise<Output<'payments.invoices'>> {
    return this.#call('payments.invoices', 'query', input, options)
  }

  /**
   * Your subscriptions, newest first, also those that ended.
   */
  subscriptions(
    input: Input<'payments.subscriptions'> = {},
    options?: CallOptions,
  ): Promise<Output<'payments.subscriptions'>> {
    return this.#call('payments.subscriptions', 'query', input, options)
  }

  /**
   * Ends a subscription: with `atPeriodEnd` when what is paid has run out, else now.
   * @throws NOT_FOUND, SUBSCRIPTION_NOT_ACTIVE, STRIPE_UNAVAILABLE
   */
  cancelSubscription(
    input: Input<'payments.cancelSubscription'>,
    options?: CallOptions,
  ): Promise<Output<'payments.cancelSubscription'>> {
    return this.#call('payments.cancelSubscription', 'mutation', input, options)
  }

  /**
   * Takes a cancellation back before it takes effect, or goes on with a paused subscription.
   * @throws NOT_FOUND, SUBSCRIPTION_NOT_ACTIVE, STRIPE_UNAVAILABLE
   */
  resumeSubscription(
    input: Input<'payments.resumeSubscription'>,
    options?: CallOptions,
  ): Promise<Output<'payments.resumeSubscription'>> {
    return this.#call('payments.resumeSubscription', 'mutation', input, options)
  }

  /**
   * A page at the payment provider to change cards and addresses and to see invoices. It sends the customer back to
   * `returnUrl`.
   * @throws PAYMENTS_NOT_CONFIGURED, STRIPE_UNAVAILABLE
   */
  createPortal(
    input: Input<'payments.createPortal'>,
    options?: CallOptions,
  ): Promise<Output<'payments.createPortal'>> {
    return this.#call('payments.createPortal', 'mutation', input, options)
  }

  /**
   * Asks for a refund; people decide. Asking again answers the first request.
   * @throws NOT_FOUND, PAYMENT_NOT_REFUNDABLE
   */
  requestRefund(
    input: Input<'payments.requestRefund'>,
    options?: CallOptions,
  ): Promise<Output<'payments.requestRefund'>> {
    return this.#call('payments.requestRefund', 'mutation', input, options)
  }

  /**
   * Admins: gives money back, all that is left of a payment or a part of it. A full refund ends the license. The same
   * `idempotencyKey` is the same refund.
   * @throws NOT_FOUND, REFUND_EXCEEDS_PAYMENT (`details.refundableMinor`), PAYMENT_NOT_REFUNDABLE, IDEMPOTENCY_CONFLICT
   */
  refund(input: Input<'payments.refund'>, options?: CallOptions): Promise<Output<'payments.refund'>> {
    return this.#call('payments.refund', 'mutation', input, options)
  }
}
