import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** Ratings and reviews of extensions, and what to do about bad ones. */
export interface ReviewsApi {
  /**
   * What people wrote of an extension, newest first unless `sort` says otherwise, with its average and the number of ratings.
   * @throws EXTENSION_NOT_FOUND
   */
  reviews(input: Input<'marketplace.reviews'>, options?: CallOptions): Promise<Output<'marketplace.reviews'>>

  /**
   * Your own stars and review of an extension; `stars` is null when you have not rated it. A hidden review says why.
   * @throws EXTENSION_NOT_FOUND
   */
  ownRating(
    input: Input<'marketplace.ownRating'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.ownRating'>>

  /**
   * Rates an extension with 1 to 5 stars. You have one rating per extension: another one replaces it, and a review on it stays.
   * @throws EXTENSION_NOT_FOUND, RATING_OWN_EXTENSION
   */
  rate(input: Input<'marketplace.rate'>, options?: CallOptions): Promise<Output<'marketplace.rate'>>

  /**
   * Takes your rating back, and the review that hangs on it.
   * @throws EXTENSION_NOT_FOUND
   */
  unrate(input: Input<'marketplace.unrate'>, options?: CallOptions): Promise<Output<'marketplace.unrate'>>

  /**
   * Rates an extension and writes about it; replaces your review of before.
   * @throws EXTENSION_NOT_FOUND, RATING_OWN_EXTENSION, REVIEW_HIDDEN
   */
  review(input: Input<'marketplace.review'>, options?: CallOptions): Promise<Output<'marketplace.review'>>

  /**
   * Takes your review back and leaves the stars.
   * @throws EXTENSION_NOT_FOUND
   */
  deleteReview(
    input: Input<'marketplace.deleteReview'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.deleteReview'>>

  /**
   * Answers a review of your extension, or changes the answer; `body: null` takes it back.
   * @throws NOT_FOUND
   */
  replyToReview(
    input: Input<'marketplace.replyToReview'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.replyToReview'>>

  /**
   * Tells the moderators of a review. Telling twice counts once.
   * @throws NOT_FOUND
   */
  flagReview(
    input: Input<'marketplace.flagReview'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.flagReview'>>

  /**
   * Reports an extension to the moderators. While your report is open, a second one answers with the first.
   * @throws EXTENSION_NOT_FOUND
   */
  reportAbuse(
    input: Input<'marketplace.reportAbuse'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.reportAbuse'>>
}

export const reviewsApi = (call: Caller): ReviewsApi =>
  methodsOf<ReviewsApi>(call, {
    reviews: 'query',
    ownRating: 'query',
    rate: 'mutation',
    unrate: 'mutation',
    review: 'mutation',
    deleteReview: 'mutation',
    replyToReview: 'mutation',
    flagReview: 'mutation',
    reportAbuse: 'mutation',
  })
