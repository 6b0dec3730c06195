import type { Caller, Input, Output, StreamOptions, Subscriber } from '../contract.ts'

/** Packages on their way to being published. */
export interface SubmissionsApi {
  /**
   * Every state of a submission of one's own, or of one's publisher: those that were, then those that come, until it is published
   * or rejected. A connection that breaks is made again; nothing is lost and nothing comes twice. After the last one,
   * `submission({ id })` tells the findings.
   * @throws NOT_FOUND, STREAM_LIMIT, AUTH_SESSION_ENDED, ABORTED (`signal`), NETWORK (not reached for `reconnectForMs`)
   * @example
   * for await (const { status, reason } of forge.marketplace.onSubmission({ id })) console.log(status, reason)
   */
  onSubmission(
    input: Pick<Input<'marketplace.onSubmission'>, 'id'>,
    options?: StreamOptions,
  ): AsyncGenerator<Output<'marketplace.onSubmission'>, void, undefined>
}

export const submissionsApi = (_call: Caller, subscribe: Subscriber): SubmissionsApi => ({
  onSubmission: ({ id }, options) => subscribe('marketplace.onSubmission', { id }, options),
})
