import type { Caller, CallOptions, Input, Output } from '../contract.ts'

/**
 * Reports for admins (FORBIDDEN for anybody else), and the call that tells what an editor did. Days are of UTC (`2026-11-22`), both
 * counted in, at most 400. Each report says `asOf` when it was true.
 */
export class AnalyticsApi {
  readonly #call: Caller

  constructor(call: Caller) {
    this.#call = call
  }

  /**
   * Sends one batch of at most 50 events, each counted once by its id, without a session. Ask for the user's consent first:
   * `Analytics` of `@devforge/sdk/analytics` does so, and queues, batches and repeats.
   * @throws INVALID_INPUT, RATE_LIMITED
   */
  track(input: Input<'analytics.track'>, options?: CallOptions): Promise<Output<'analytics.track'>> {
    return this.#call('analytics.track', 'mutation', input, options)
  }

  /** Everything on one page: people, licenses, extensions, money, and what editors told. */
  overview(input: Input<'analytics.overview'>, options?: CallOptions): Promise<Output<'analytics.overview'>> {
    return this.#call('analytics.overview', 'query', input, options)
  }

  /** Money by currency and day, to the cent of the books as they are now; recurring revenue, subscriptions, churn. */
  revenue(input: Input<'analytics.revenue'>, options?: CallOptions): Promise<Output<'analytics.revenue'>> {
    return this.#call('analytics.revenue', 'query', input, options)
  }

  /** Licenses by plan and state, what happened to them per day, devices, and what came of trials. */
  licenses(input: Input<'analytics.licenses'>, options?: CallOptions): Promise<Output<'analytics.licenses'>> {
    return this.#call('analytics.licenses', 'query', input, options)
  }

  /** Usage of extensions, submissions by outcome, how long moderators took, and what was sold. */
  marketplace(
    input: Input<'analytics.marketplace'>,
    options?: CallOptions,
  ): Promise<Output<'analytics.marketplace'>> {
    return this.#call('analytics.marketplace', 'query', input, options)
  }

  /** Tickets: backlog, what was made and solved, how long people waited, broken promises, ratings. */
  support(input: Input<'analytics.support'>, options?: CallOptions): Promise<Output<'analytics.support'>> {
    return this.#call('analytics.support', 'query', input, options)
  }

  /**
   * A report for a spreadsheet: `payments` with a line for each, the others with one per day.
   * @throws EXPORT_TOO_LARGE: choose fewer days
   */
  exportCsv(
    input: Input<'analytics.exportCsv'>,
    options?: CallOptions,
  ): Promise<Output<'analytics.exportCsv'>> {
    return this.#call('analytics.exportCsv', 'query', input, options)
  }
}
