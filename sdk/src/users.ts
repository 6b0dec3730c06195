import type { SessionControl } from './client/session-keeper.ts'
import type { Caller, CallOptions, Input, Output } from './contract.ts'

/** The own account. */
export class UsersApi {
  readonly #call: Caller
  readonly #session: SessionControl

  constructor(call: Caller, session: SessionControl) {
    this.#call = call
    this.#session = session
  }

  /** The own account as it is at the server. */
  me(options?: CallOptions): Promise<Output<'users.me'>> {
    return this.#call('users.me', 'query', undefined, options)
  }

  /**
   * Changes name, picture (`https` only) or language; what is not given stays, `null` empties.
   * @throws INVALID_INPUT
   */
  update(input: Input<'users.update'>, options?: CallOptions): Promise<Output<'users.update'>> {
    return this.#call('users.update', 'mutation', input, options)
  }

  /** Everything that is kept about the own account, for the person's own use. */
  exportData(options?: CallOptions): Promise<Output<'users.exportData'>> {
    return this.#call('users.exportData', 'query', undefined, options)
  }

  /**
   * Deletes the own account: personal data are erased, licenses end, subscriptions are cancelled. There is no way back.
   * @throws AUTH_INVALID_CREDENTIALS, LAST_ADMIN
   */
  async deleteAccount(input: Input<'users.deleteAccount'>, options?: CallOptions): Promise<void> {
    await this.#call('users.deleteAccount', 'mutation', input, options)
    await this.#session.clear()
  }
}
