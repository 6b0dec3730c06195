import type { SessionControl } from './client/session-keeper.ts'
import type { Caller } from './contract.ts'

/** The own account. */
export class UsersApi {
  readonly #call: Caller
  readonly #session: SessionControl

  constructor(call: Caller, session: SessionControl) {
    this.#call = call
    this.#session = session
  }
}
