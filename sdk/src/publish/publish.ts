import { openAsBlob } from 'node:fs'
import { DevForgeError, orLocalFailure } from '../errors.ts'
import type { MarketplaceApi, Output, StreamOptions, SubmitOptions } from '../index.ts'
import { validatePackage } from './validate.ts'

export type Submission = Output<'marketplace.submission'>
type State = Output<'marketplace.onSubmission'>

/** What these helpers need of a client; `createDevForge` gives one. */
export interface PublishClient {
  readonly marketplace: Pick<MarketplaceApi, 'submit' | 'submission' | 'onSubmission'>
}

export interface WatchOptions extends StreamOptions {
  /** Told of every state. */
  onState?(state: State): void
  /** Also wait for a moderator. Default: what is held for one is decided as far as machines go. */
  throughReview?: boolean
}

export interface PublishOptions extends SubmitOptions, Pick<WatchOptions, 'onState' | 'throughReview'> {
  /** Ask at once, without looking at the package here. */
  skipValidation?: boolean
}

/**
 * Waits until it is decided what becomes of a submission, and answers it with all that was found.
 * @throws what `marketplace.onSubmission` throws
 */
export async function watchSubmission(
  forge: PublishClient,
  id: string,
  { onState, throughReview = false, ...options }: WatchOptions = {},
): Promise<Submission> {
  for await (const state of forge.marketplace.onSubmission({ id }, options)) {
    onState?.(state)
    if (state.status === 'needs_review' && !throughReview) {
      // The history may go on behind it: what counts is how it stands.
      const submission = await forge.marketplace.submission({ id }, { batch: false })
      if (submission.status === 'needs_review') return submission
    }
  }
  return forge.marketplace.submission({ id })
}

/** A package on disk, read as it is needed. @throws LOCAL_FAILURE */
export async function openPackage(file: string): Promise<Blob> {
  try {
    return await openAsBlob(file)
  } catch (error) {
    throw orLocalFailure(error)
  }
}

/**
 * Publishes a package: looks at it, sends it, waits until it is decided. The answer's `status` is `published`, `rejected` or
 * `needs_review`; its `findings` say why.
 * @param vsix a file on disk, or the bytes
 * @throws VSIX_INVALID (also before the upload), and what `marketplace.submit` throws
 */
export async function publishPackage(
  forge: PublishClient,
  vsix: string | Blob | Uint8Array<ArrayBuffer>,
  { onState, throughReview, skipValidation = false, ...options }: PublishOptions = {},
): Promise<Submission> {
  const source = typeof vsix === 'string' ? await openPackage(vsix) : vsix
  if (!skipValidation) {
    const { findings } = await validatePackage(source)
    if (findings.some(({ severity }) => severity === 'error')) {
      throw new DevForgeError('VSIX_INVALID', 'This package cannot be published. See details.findings.', {
        details: { findings },
      })
    }
  }
  const { id } = await forge.marketplace.submit(source, options)
  return watchSubmission(forge, id, { onState, throughReview, signal: options.signal })
}
