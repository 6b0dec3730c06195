import type { SessionControl } from './client/session-keeper.ts'
import type { Caller } from './contract.ts'

/** Signing up, in and out; sessions, devices, second factor, API tokens. */
export class AuthApi {
  readonly #call: Caller
  readonly #session: SessionControl

  constructor(call: Caller, session: SessionControl) {
    this.#call = call
    this.#session = session
  }
}
