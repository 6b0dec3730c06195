import type { SessionControl } from './client/session-keeper.ts'
import type { Caller, CallOptions, Input, Output } from './contract.ts'

/** Signing up, in and out; sessions, devices, second step, API tokens. */
export class AuthApi {
  readonly #call: Caller
  readonly #session: SessionControl

  constructor(call: Caller, session: SessionControl) {
    this.#call = call
    this.#session = session
  }

  /**
   * Makes an account and signs this client in. The answer is the same whether or not the address has an account already; a mail
   * to it says more. Until the link in it was followed, `user.emailVerified` is false.
   * @throws INVALID_INPUT (password of 8 to 200 characters), AUTH_RATE_LIMITED (`details.retryAfterSeconds`)
   */
  async signUp(input: Input<'auth.signUp'>, options?: CallOptions): Promise<Output<'auth.signUp'>> {
    const grant = await this.#call('auth.signUp', 'mutation', input, options)
    await this.#session.adopt(grant)
    return grant
  }

  /**
   * Signs this client in. `totp` is the code of the authenticator app or one of the backup codes, where the account has a
   * second step.
   * @throws AUTH_INVALID_CREDENTIALS, AUTH_TOTP_REQUIRED (the password was right: ask for the code), AUTH_BANNED,
   * AUTH_RATE_LIMITED (`details.retryAfterSeconds`)
   */
  async signIn(input: Input<'auth.signIn'>, options?: CallOptions): Promise<Output<'auth.signIn'>> {
    const grant = await this.#call('auth.signIn', 'mutation', input, options)
    await this.#session.adopt(grant)
    return grant
  }

  /**
   * Fetches a new access token now. Calls do this by themselves; it is of use to learn at once whether the session still stands.
   * @throws AUTH_REQUIRED when nobody is signed in, AUTH_SESSION_ENDED, AUTH_BANNED
   */
  async refresh(options?: CallOptions): Promise<Output<'auth.refresh'>> {
    const sessionToken = (await this.#session.current())?.sessionToken ?? ''
    const grant = await this.#call('auth.refresh', 'mutation', { sessionToken }, options)
    await this.#session.adopt(grant)
    return grant
  }

  /**
   * Signs this client out: here at once, and at the server. Without a network the session is forgotten here, and the call
   * rejects, since the server still has it until it ends by itself.
   */
  async signOut(options?: CallOptions): Promise<void> {
    const session = await this.#session.current()
    await this.#session.clear()
    if (session) await this.#call('auth.signOut', 'mutation', { sessionToken: session.sessionToken }, options)
  }

  /**
   * Proves a mail address with the token from the mail's link. `joined`: the address had an account already, and what was done
   * in the new one is in that one now: sign in there.
   * @throws AUTH_TOKEN_INVALID
   */
  verifyEmail(input: Input<'auth.verifyEmail'>, options?: CallOptions): Promise<Output<'auth.verifyEmail'>> {
    return this.#call('auth.verifyEmail', 'mutation', input, options)
  }

  /**
   * Asks for the verification mail again. Answers alike for every address.
   * @throws AUTH_RATE_LIMITED
   */
  async sendVerification(input: Input<'auth.sendVerification'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.sendVerification', 'mutation', input, options)
  }

  /**
   * Asks for a mail with a link to set a new password. Answers alike for every address.
   * @throws AUTH_RATE_LIMITED
   */
  async requestPasswordReset(
    input: Input<'auth.requestPasswordReset'>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#call('auth.requestPasswordReset', 'mutation', input, options)
  }

  /**
   * Sets a new password with the token from the mail's link, and ends every session of the account.
   * @throws AUTH_TOKEN_INVALID (used, or older than an hour)
   */
  async resetPassword(input: Input<'auth.resetPassword'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.resetPassword', 'mutation', input, options)
  }

  /**
   * Changes the password (`password` is the old one) and ends all other sessions.
   * @throws AUTH_INVALID_CREDENTIALS
   */
  async changePassword(input: Input<'auth.changePassword'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.changePassword', 'mutation', input, options)
  }

  /** Where this account is signed in; `current` marks this client. */
  sessions(input?: Input<'auth.sessions'>, options?: CallOptions): Promise<Output<'auth.sessions'>> {
    return this.#call('auth.sessions', 'query', input, options)
  }

  /**
   * Signs another client out.
   * @throws NOT_FOUND
   */
  async revokeSession(input: Input<'auth.revokeSession'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.revokeSession', 'mutation', input, options)
  }

  /**
   * Begins to set up a second step: shows the secret (also as `otpauthUrl`, for a QR code) and ten backup codes, once. It takes
   * effect with {@link confirmTotp}.
   * @throws AUTH_INVALID_CREDENTIALS, AUTH_TOTP_ALREADY_ENABLED
   */
  enableTotp(input: Input<'auth.enableTotp'>, options?: CallOptions): Promise<Output<'auth.enableTotp'>> {
    return this.#call('auth.enableTotp', 'mutation', input, options)
  }

  /**
   * Switches the second step on, with a code that shows that the app works.
   * @throws AUTH_INVALID_CREDENTIALS
   */
  async confirmTotp(input: Input<'auth.confirmTotp'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.confirmTotp', 'mutation', input, options)
  }

  /**
   * Switches the second step off. Needs the password and a code (or a backup code).
   * @throws AUTH_INVALID_CREDENTIALS, AUTH_TOTP_REQUIRED
   */
  async disableTotp(input: Input<'auth.disableTotp'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.disableTotp', 'mutation', input, options)
  }

  /**
   * Begins the sign-in of an app through the system's browser (RFC 8628): open `verificationUrl` there, show `userCode`, and ask
   * {@link pollDevice} every `intervalSeconds` until `expiresAt`.
   * @throws AUTH_RATE_LIMITED
   */
  startDevice(input?: Input<'auth.startDevice'>, options?: CallOptions): Promise<Output<'auth.startDevice'>> {
    return this.#call('auth.startDevice', 'mutation', input, options)
  }

  /**
   * Asks whether the person has approved, and signs this client in if so.
   * @throws AUTH_DEVICE_PENDING (ask again), AUTH_DEVICE_SLOW_DOWN (ask again, every `details.intervalSeconds`),
   * AUTH_DEVICE_DENIED, AUTH_DEVICE_EXPIRED (start anew)
   */
  async pollDevice(
    input: Input<'auth.pollDevice'>,
    options?: CallOptions,
  ): Promise<Output<'auth.pollDevice'>> {
    const grant = await this.#call('auth.pollDevice', 'mutation', input, options)
    await this.#session.adopt(grant)
    return grant
  }

  /**
   * What asks under a user code, to show before it is approved.
   * @throws AUTH_TOKEN_INVALID (no such code, or no more), AUTH_RATE_LIMITED
   */
  deviceRequest(
    input: Input<'auth.deviceRequest'>,
    options?: CallOptions,
  ): Promise<Output<'auth.deviceRequest'>> {
    return this.#call('auth.deviceRequest', 'mutation', input, options)
  }

  /**
   * Lets the device that shows this code sign in as the caller (`decision: 'deny'` refuses it).
   * @throws AUTH_TOKEN_INVALID (no such code, or no more), AUTH_RATE_LIMITED
   */
  approveDevice(
    input: Input<'auth.approveDevice'>,
    options?: CallOptions,
  ): Promise<Output<'auth.approveDevice'>> {
    return this.#call('auth.approveDevice', 'mutation', input, options)
  }

  /**
   * Makes a token for CI and scripts (`createDevForge({ apiToken })`). `token` is in this answer and never again. Scopes:
   * `publish`, `read`. Ends after 90 days unless `expiresAt` says otherwise; a year at most.
   * @throws AUTH_API_TOKEN_LIMIT
   */
  createApiToken(
    input: Input<'auth.createApiToken'>,
    options?: CallOptions,
  ): Promise<Output<'auth.createApiToken'>> {
    return this.#call('auth.createApiToken', 'mutation', input, options)
  }

  /** The own API tokens, newest first: name, last four characters, scopes, end, last use. */
  apiTokens(input?: Input<'auth.apiTokens'>, options?: CallOptions): Promise<Output<'auth.apiTokens'>> {
    return this.#call('auth.apiTokens', 'query', input, options)
  }

  /**
   * Ends an API token at once.
   * @throws NOT_FOUND
   */
  async revokeApiToken(input: Input<'auth.revokeApiToken'>, options?: CallOptions): Promise<void> {
    await this.#call('auth.revokeApiToken', 'mutation', input, options)
  }
}
