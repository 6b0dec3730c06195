import type { Caller, CallOptions, Input, Output } from './contract.ts'

/** What only admins may. Every call throws FORBIDDEN for anybody else. */
export class AdminApi {
  readonly #call: Caller

  constructor(call: Caller) {
    this.#call = call
  }

  /** Accounts by id, name or mail address, newest first. */
  users(input?: Input<'admin.users'>, options?: CallOptions): Promise<Output<'admin.users'>> {
    return this.#call('admin.users', 'query', input, options)
  }

  /**
   * Gives an account a role. A demotion bites with the account's next call.
   * @throws NOT_FOUND, LAST_ADMIN
   */
  setRole(input: Input<'admin.setRole'>, options?: CallOptions): Promise<Output<'admin.setRole'>> {
    return this.#call('admin.setRole', 'mutation', input, options)
  }

  /**
   * Blocks an account, for ever or `until` a time, and ends its sessions.
   * @throws NOT_FOUND, LAST_ADMIN
   */
  ban(input: Input<'admin.ban'>, options?: CallOptions): Promise<Output<'admin.ban'>> {
    return this.#call('admin.ban', 'mutation', input, options)
  }

  /**
   * Lifts a ban.
   * @throws NOT_FOUND
   */
  unban(input: Input<'admin.unban'>, options?: CallOptions): Promise<Output<'admin.unban'>> {
    return this.#call('admin.unban', 'mutation', input, options)
  }

  /**
   * A session as somebody else, for 30 minutes, to see what they see; it cannot pay or change ways to sign in. This client stays
   * who it is: give the tokens to another one, through its session store.
   * @throws NOT_FOUND, FORBIDDEN for an admin, AUTH_BANNED
   */
  impersonate(
    input: Input<'admin.impersonate'>,
    options?: CallOptions,
  ): Promise<Output<'admin.impersonate'>> {
    return this.#call('admin.impersonate', 'mutation', input, options)
  }

  /** Who did what, when and why, newest first. */
  audit(input?: Input<'admin.audit'>, options?: CallOptions): Promise<Output<'admin.audit'>> {
    return this.#call('admin.audit', 'query', input, options)
  }

  /**
   * Makes a new signing key. The old one stays good for an overlap, or is void at once with `withdrawOld`: then everybody signs
   * in again (`access`), or editors renew their leases (`lease`).
   */
  rotateSigningKey(
    input: Input<'admin.rotateSigningKey'>,
    options?: CallOptions,
  ): Promise<Output<'admin.rotateSigningKey'>> {
    return this.#call('admin.rotateSigningKey', 'mutation', input, options)
  }
}
