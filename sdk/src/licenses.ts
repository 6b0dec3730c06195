import type { Caller, CallOptions, Input, Output } from './contract.ts'
import { DevForgeError } from './errors.ts'
import { checkLicenseKey } from './offline/license-key.ts'

/** Licenses, their devices and their leases. */
export class LicensesApi {
  readonly #call: Caller

  constructor(call: Caller) {
    this.#call = call
  }

  /**
   * Says whether a key is good: for a device, a feature and a version, if they are named. Never throws for a bad key; a key with
   * a typo is told without a request. `code` says why, `remedy` what can be done.
   */
  async validate(
    input: Input<'licenses.validate'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.validate'>> {
    const checked = checkLicenseKey(input.key)
    if (!checked.ok) {
      // A typo: the server would say the same, a round trip later.
      return {
        valid: false,
        code: 'MALFORMED_KEY',
        license: null,
        entitlements: ['local-models'],
        remedy: 'check_key',
      }
    }
    return this.#call('licenses.validate', 'query', { ...input, key: checked.key }, options)
  }

  /**
   * Makes this machine one of the license's devices and leases it the license. The same fingerprint again is the same device.
   * @throws LICENSE_NOT_FOUND, LICENSE_NOT_ACTIVE, LICENSE_DEVICE_LIMIT (`details.devices`: free one with {@link deactivate})
   */
  async activate(
    input: Input<'licenses.activate'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.activate'>> {
    return this.#call('licenses.activate', 'mutation', { ...input, key: wellFormed(input.key) }, options)
  }

  /**
   * Renews the offline lease of an active device. `LicenseManager` does this by itself.
   * @throws LICENSE_NOT_FOUND, LICENSE_NOT_ACTIVE, DEVICE_NOT_FOUND (activate again)
   */
  async lease(input: Input<'licenses.lease'>, options?: CallOptions): Promise<Output<'licenses.lease'>> {
    return this.#call('licenses.lease', 'query', { ...input, key: wellFormed(input.key) }, options)
  }

  /**
   * Frees a device: the one that has this fingerprint, or any of one's own by id.
   * @throws LICENSE_NOT_FOUND, DEVICE_NOT_FOUND
   */
  deactivate(
    input: Input<'licenses.deactivate'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.deactivate'>> {
    return this.#call('licenses.deactivate', 'mutation', input, options)
  }

  /**
   * The signed list of what was revoked after a sequence number.
   */
  revocations(
    input: Input<'licenses.revocations'> = {},
    options?: CallOptions,
  ): Promise<Output<'licenses.revocations'>> {
    return this.#call('licenses.revocations', 'query', input, options)
  }

  /**
   * Your licenses, newest first.
   */
  list(input: Input<'licenses.list'> = {}, options?: CallOptions): Promise<Output<'licenses.list'>> {
    return this.#call('licenses.list', 'query', input, options)
  }

  /**
   * One of your licenses.
   * @throws NOT_FOUND
   */
  get(input: Input<'licenses.get'>, options?: CallOptions): Promise<Output<'licenses.get'>> {
    return this.#call('licenses.get', 'query', input, options)
  }

  /**
   * The devices of one of your licenses, most recently seen first.
   * @throws NOT_FOUND
   */
  devices(input: Input<'licenses.devices'>, options?: CallOptions): Promise<Output<'licenses.devices'>> {
    return this.#call('licenses.devices', 'query', input, options)
  }

  /**
   * Names a device.
   * @throws DEVICE_NOT_FOUND
   */
  renameDevice(
    input: Input<'licenses.renameDevice'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.renameDevice'>> {
    return this.#call('licenses.renameDevice', 'mutation', input, options)
  }

  /**
   * What happened to one of your licenses, newest first.
   * @throws NOT_FOUND
   */
  events(input: Input<'licenses.events'>, options?: CallOptions): Promise<Output<'licenses.events'>> {
    return this.#call('licenses.events', 'query', input, options)
  }

  /**
   * Replaces a lost or leaked key. The answer holds the new key, this once; it is mailed too. The old one stops working at once.
   * @throws NOT_FOUND, LICENSE_REVOKED_IS_FINAL
   */
  reissueKey(
    input: Input<'licenses.reissueKey'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.reissueKey'>> {
    return this.#call('licenses.reissueKey', 'mutation', input, options)
  }

  /**
   * Starts the free trial (14 days, no card) and activates this device.
   * @throws TRIAL_ALREADY_USED
   */
  startTrial(
    input: Input<'licenses.startTrial'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.startTrial'>> {
    return this.#call('licenses.startTrial', 'mutation', input, options)
  }

  /**
   * Gives a perpetual license to somebody else: they get a new key by mail, and all devices are freed.
   * @throws NOT_FOUND, LICENSE_NOT_TRANSFERABLE
   */
  transfer(input: Input<'licenses.transfer'>, options?: CallOptions): Promise<Output<'licenses.transfer'>> {
    return this.#call('licenses.transfer', 'mutation', input, options)
  }

  /**
   * Admins: issues a license without a payment. The answer holds the key, this once; it is mailed to the owner too.
   * With an `idempotencyKey` a repeated call (a double click, a retry after a lost answer) answers the license that the first one issued, for a day.
   * @throws PLAN_NOT_FOUND, NOT_FOUND, IDEMPOTENCY_CONFLICT, FORBIDDEN
   */
  issue(input: Input<'licenses.issue'>, options?: CallOptions): Promise<Output<'licenses.issue'>> {
    return this.#call('licenses.issue', 'mutation', input, options)
  }

  /**
   * Admins: extends the window of updates, or the end of a dated license; once per `idempotencyKey`.
   * @throws NOT_FOUND, LICENSE_REVOKED_IS_FINAL, LICENSE_NOT_RENEWABLE, IDEMPOTENCY_CONFLICT, FORBIDDEN
   */
  renew(input: Input<'licenses.renew'>, options?: CallOptions): Promise<Output<'licenses.renew'>> {
    return this.#call('licenses.renew', 'mutation', input, options)
  }

  /**
   * Admins: takes a license out of use until it is reinstated.
   * @throws NOT_FOUND, LICENSE_REVOKED_IS_FINAL, FORBIDDEN
   */
  suspend(input: Input<'licenses.suspend'>, options?: CallOptions): Promise<Output<'licenses.suspend'>> {
    return this.#call('licenses.suspend', 'mutation', input, options)
  }

  /**
   * Admins: ends a suspension.
   * @throws NOT_FOUND, LICENSE_REVOKED_IS_FINAL, FORBIDDEN
   */
  reinstate(
    input: Input<'licenses.reinstate'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.reinstate'>> {
    return this.#call('licenses.reinstate', 'mutation', input, options)
  }

  /**
   * Admins: ends a license for good.
   * @throws NOT_FOUND, FORBIDDEN
   */
  revoke(input: Input<'licenses.revoke'>, options?: CallOptions): Promise<Output<'licenses.revoke'>> {
    return this.#call('licenses.revoke', 'mutation', input, options)
  }

  /**
   * Admins: every license with its owner, newest first; by part of a mail address or name, by id, by the last group of a key.
   */
  search(input: Input<'licenses.search'> = {}, options?: CallOptions): Promise<Output<'licenses.search'>> {
    return this.#call('licenses.search', 'query', input, options)
  }

  /**
   * Admins: registers a version with the day it came out, so that `VERSION_NOT_COVERED` can be told.
   */
  addRelease(
    input: Input<'licenses.addRelease'>,
    options?: CallOptions,
  ): Promise<Output<'licenses.addRelease'>> {
    return this.#call('licenses.addRelease', 'mutation', input, options)
  }
}

/** The key as it is spelled everywhere. @throws LICENSE_NOT_FOUND without a request when it cannot be a key */
function wellFormed(key: string): string {
  const checked = checkLicenseKey(key)
  if (checked.ok) return checked.key
  throw new DevForgeError(
    'LICENSE_NOT_FOUND',
    'This is not a license key: one or more characters are wrong.',
    { details: undefined },
  )
}
