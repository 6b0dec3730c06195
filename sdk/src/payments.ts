import type { Caller } from './contract.ts'

/** Plans, checkouts, payments, invoices and subscriptions. */
export class PaymentsApi {
  readonly #call: Caller

  constructor(call: Caller) {
    this.#call = call
  }
}
