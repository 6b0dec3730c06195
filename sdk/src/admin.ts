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

  /** What waits for somebody, what has failed, and how today goes, in one call. */
  overview(options?: CallOptions): Promise<Output<'admin.overview'>> {
    return this.#call('admin.overview', 'query', undefined, options)
  }

  /** Mails that could not be sent, newest first: `given_up` after 50 attempts, unless asked for those that are `waiting`. */
  mails(input?: Input<'admin.mails'>, options?: CallOptions): Promise<Output<'admin.mails'>> {
    return this.#call('admin.mails', 'query', input, options)
  }

  /**
   * Tries a mail again, from the first attempt on.
   * @throws NOT_FOUND when there is no such mail, or it was sent
   */
  retryMail(input: Input<'admin.retryMail'>, options?: CallOptions): Promise<Output<'admin.retryMail'>> {
    return this.#call('admin.retryMail', 'mutation', input, options)
  }

  /** Who did what, when and why, newest first; of a subject, an actor, an action, a time. */
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

  /**
   * What Stripe delivered, newest first: look for `failed` and `quarantined`.
   */
  webhookEvents(
    input: Input<'admin.webhookEvents'> = {},
    options?: CallOptions,
  ): Promise<Output<'admin.webhookEvents'>> {
    return this.#call('admin.webhookEvents', 'query', input, options)
  }

  /**
   * Processes an event again, or a quarantined one at last. Harmless for one that was processed.
   * @throws NOT_FOUND
   */
  replayWebhook(
    input: Input<'admin.replayWebhook'>,
    options?: CallOptions,
  ): Promise<Output<'admin.replayWebhook'>> {
    return this.#call('admin.replayWebhook', 'mutation', input, options)
  }

  /**
   * The job queue, newest first.
   */
  jobs(input: Input<'admin.jobs'> = {}, options?: CallOptions): Promise<Output<'admin.jobs'>> {
    return this.#call('admin.jobs', 'query', input, options)
  }

  /**
   * Gives a failed job another try.
   * @throws NOT_FOUND when there is no such job, or it has not failed
   */
  retryJob(input: Input<'admin.retryJob'>, options?: CallOptions): Promise<Output<'admin.retryJob'>> {
    return this.#call('admin.retryJob', 'mutation', input, options)
  }

  /**
   * All plans, also those that are not sold any more.
   */
  plans(options?: CallOptions): Promise<Output<'admin.plans'>> {
    return this.#call('admin.plans', 'query', undefined, options)
  }

  /**
   * Puts a new plan on sale.
   * @throws PLAN_EXISTS
   */
  createPlan(input: Input<'admin.createPlan'>, options?: CallOptions): Promise<Output<'admin.createPlan'>> {
    return this.#call('admin.createPlan', 'mutation', input, options)
  }

  /**
   * Changes a plan for future buyers; licenses that were sold keep what they have.
   * @throws PLAN_NOT_FOUND
   */
  updatePlan(input: Input<'admin.updatePlan'>, options?: CallOptions): Promise<Output<'admin.updatePlan'>> {
    return this.#call('admin.updatePlan', 'mutation', input, options)
  }

  /**
   * Takes a plan off sale. Plans are never deleted, since licenses refer to them.
   * @throws PLAN_NOT_FOUND
   */
  archivePlan(
    input: Input<'admin.archivePlan'>,
    options?: CallOptions,
  ): Promise<Output<'admin.archivePlan'>> {
    return this.#call('admin.archivePlan', 'mutation', input, options)
  }

  /** Whoever works on tickets, or has the role for it: what they have to do, and how customers rated them. */
  agents(input: Input<'admin.agents'> = {}, options?: CallOptions): Promise<Output<'admin.agents'>> {
    return this.#call('admin.agents', 'query', input, options)
  }

  /**
   * Says how somebody works on tickets; the first time makes them an agent. `active: false` gives all that is theirs back to its queues.
   * @throws NOT_FOUND (account, queue), AGENT_ROLE_NEEDED
   */
  setAgent(input: Input<'admin.setAgent'>, options?: CallOptions): Promise<Output<'admin.setAgent'>> {
    return this.#call('admin.setAgent', 'mutation', input, options)
  }

  /** The queues that tickets wait in. */
  queues(options?: CallOptions): Promise<Output<'admin.queues'>> {
    return this.#call('admin.queues', 'query', undefined, options)
  }

  /**
   * Changes a queue, or (without `id`) makes one.
   * @throws NOT_FOUND, QUEUE_SLUG_TAKEN, QUEUE_CATEGORY_TAKEN, QUEUE_DEFAULT_NEEDED
   */
  setQueue(input: Input<'admin.setQueue'>, options?: CallOptions): Promise<Output<'admin.setQueue'>> {
    return this.#call('admin.setQueue', 'mutation', input, options)
  }

  /** What support promises, by plan and priority. */
  slaPolicies(options?: CallOptions): Promise<Output<'admin.slaPolicies'>> {
    return this.#call('admin.slaPolicies', 'query', undefined, options)
  }

  /**
   * Sets what is promised to tickets of a plan and priority, in business minutes of a calendar; null: nothing. Promises that run are counted
   * by it from their start; those that ended, or were broken, stay.
   * @throws NOT_FOUND for the calendar, INVALID_INPUT for a promise that would take years in its hours
   */
  setSlaPolicy(
    input: Input<'admin.setSlaPolicy'>,
    options?: CallOptions,
  ): Promise<Output<'admin.setSlaPolicy'>> {
    return this.#call('admin.setSlaPolicy', 'mutation', input, options)
  }

  /** Business hours, with their time zones and holidays. */
  calendars(options?: CallOptions): Promise<Output<'admin.calendars'>> {
    return this.#call('admin.calendars', 'query', undefined, options)
  }

  /**
   * Makes business hours, or with an `id` changes them: intervals by weekday, Monday first, in minutes since midnight of the time zone, and
   * holidays. Promises that run by them are counted anew.
   * @throws NOT_FOUND, CALENDAR_EXISTS, INVALID_INPUT for a week that never opens, or a zone or date that does not exist
   */
  setCalendar(
    input: Input<'admin.setCalendar'>,
    options?: CallOptions,
  ): Promise<Output<'admin.setCalendar'>> {
    return this.#call('admin.setCalendar', 'mutation', input, options)
  }

  /** Mails that came in for support, newest first; parked ones wait for somebody to look. */
  inboundMails(
    input?: Input<'admin.inboundMails'>,
    options?: CallOptions,
  ): Promise<Output<'admin.inboundMails'>> {
    return this.#call('admin.inboundMails', 'query', input ?? {}, options)
  }

  /**
   * Reads a parked mail again.
   * @throws NOT_FOUND, CONFLICT (it is not parked)
   */
  retryInboundMail(
    input: Input<'admin.retryInboundMail'>,
    options?: CallOptions,
  ): Promise<Output<'admin.retryInboundMail'>> {
    return this.#call('admin.retryInboundMail', 'mutation', input, options)
  }
}
