import type { Caller } from './contract.ts'

/** What only admins may. */
export class AdminApi {
  readonly #call: Caller

  constructor(call: Caller) {
    this.#call = call
  }
}
