import { newIdempotencyKey } from '../client/idempotency.ts'
import { reviveTimes } from '../client/revive.ts'
import type { Uploader, UploadOptions, UploadSource } from '../client/upload.ts'
import type { Caller, CallOptions, Input, Output, StreamOptions, Subscriber } from '../contract.ts'
import { methodsOf } from './methods.ts'

export interface SubmitOptions extends UploadOptions {
  /** Offered only to those who asked for pre-releases. Packages made with `vsce package --pre-release` say so themselves. */
  preRelease?: boolean
  /** The same key is the same submission. Default: one of its own, so that an upload that is tried again happens once. */
  idempotencyKey?: string
}

/** Packages on their way to being published. */
export interface SubmissionsApi {
  /**
   * Sends a package (VSIX) to be published, as it is read. The answer says that it was taken in; {@link onSubmission} tells how it
   * goes on. Without retries for a stream, which can be read only once: prefer a Blob (`fs.openAsBlob` of Node reads it from disk).
   * The very same package again is the same submission.
   * @throws VSIX_INVALID (`details.findings`, with file and line), VSIX_TOO_LARGE, VERSION_EXISTS, PUBLISHER_FORBIDDEN
   * (`details.publisher` is null for an account that belongs to no publisher), EXTENSION_REMOVED, IDEMPOTENCY_CONFLICT, AUTH_REQUIRED, AUTH_SCOPE_MISSING, NETWORK, TIMEOUT, ABORTED,
   * LOCAL_FAILURE (the source could not be read)
   * @example
   * const { id } = await forge.marketplace.submit(await openAsBlob('my-extension.vsix'), {
   *   onProgress: ({ sentBytes, totalBytes }) => console.log(sentBytes, totalBytes),
   * })
   */
  submit(vsix: UploadSource, options?: SubmitOptions): Promise<Output<'marketplace.submission'>>

  /**
   * A submission of one's own, or of one's publisher: its state, with the reason and what the checks found, by file and line.
   * @throws NOT_FOUND
   */
  submission(
    input: Input<'marketplace.submission'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.submission'>>

  /** Submissions of one's own and of one's publishers, newest first. */
  submissions(
    input?: Input<'marketplace.submissions'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.submissions'>>

  /**
   * Every state of a submission of one's own, or of one's publisher: those that were, then those that come, until it is published
   * or rejected. A connection that breaks is made again; nothing is lost and nothing comes twice. After the last one,
   * {@link submission} tells the findings.
   * @throws NOT_FOUND, STREAM_LIMIT, AUTH_SESSION_ENDED, ABORTED (`signal`), NETWORK (not reached for `reconnectForMs`)
   * @example
   * for await (const { status, reason } of forge.marketplace.onSubmission({ id })) console.log(status, reason)
   */
  onSubmission(
    input: Pick<Input<'marketplace.onSubmission'>, 'id'>,
    options?: StreamOptions,
  ): AsyncGenerator<Output<'marketplace.onSubmission'>, void, undefined>

  /**
   * Asks the moderators to look again: at a rejection (`id` of the submission) or a takedown (`publisher.name`).
   * @throws NOT_FOUND, EXTENSION_NOT_FOUND, APPEAL_EXISTS, APPEAL_NOT_POSSIBLE
   */
  appeal(input: Input<'marketplace.appeal'>, options?: CallOptions): Promise<Output<'marketplace.appeal'>>
}

export interface SubmissionsClient {
  call: Caller
  subscribe: Subscriber
  upload: Uploader
}

export const submissionsApi = ({ call, subscribe, upload }: SubmissionsClient): SubmissionsApi => ({
  async submit(vsix, { preRelease, idempotencyKey = newIdempotencyKey(), ...options } = {}) {
    const query = preRelease === undefined ? '' : `?preRelease=${preRelease}`
    const path = `/api/v1/marketplace/submissions${query}`
    const submission = await upload(path, vsix, { 'idempotency-key': idempotencyKey }, options)
    // The route answers what the procedure `submission` answers, as plain JSON.
    return reviveTimes(submission) as Output<'marketplace.submission'>
  },
  onSubmission: ({ id }, options) => subscribe('marketplace.onSubmission', { id }, options),
  ...methodsOf<SubmissionsApi>(call, { submission: 'query', submissions: 'query', appeal: 'mutation' }),
})
