import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** For moderators: admins, except where it says otherwise. */
export interface ModerationApi {
  /**
   * For anybody: extensions that editors must remove, and deprecated ones with what to use instead.
   */
  killList(
    input?: Input<'marketplace.killList'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.killList'>>

  /**
   * What waits for a moderator: held by a check or the policy (`held`), rejected and appealed (`appealed`), or without a word of the
   * scanner (`scan_failed`). Oldest first, with findings and the difference to the version before.
   */
  moderationQueue(
    input?: Input<'marketplace.moderationQueue'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.moderationQueue'>>

  /**
   * Lets a package be published.
   * @throws NOT_FOUND, SUBMISSION_NOT_PENDING
   */
  approve(input: Input<'marketplace.approve'>, options?: CallOptions): Promise<Output<'marketplace.approve'>>

  /**
   * Rejects a package; its author is told why, and may appeal.
   * @throws NOT_FOUND, SUBMISSION_NOT_PENDING
   */
  reject(input: Input<'marketplace.reject'>, options?: CallOptions): Promise<Output<'marketplace.reject'>>

  /**
   * Whom a takedown would concern: installs, downloads, versions.
   * @throws EXTENSION_NOT_FOUND
   */
  takedownImpact(
    input: Input<'marketplace.takedownImpact'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.takedownImpact'>>

  /**
   * Takes an extension down: nothing of it is shown or given out any more. A `malicious` one goes onto the kill list, so that editors remove
   * it. Open reports of it are upheld, and its owners are told.
   * @throws EXTENSION_NOT_FOUND, EXTENSION_TAKEN_DOWN
   */
  takedown(
    input: Input<'marketplace.takedown'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.takedown'>>

  /**
   * Undoes a takedown: the extension is as it was, and off the kill list.
   * @throws EXTENSION_NOT_FOUND, EXTENSION_NOT_TAKEN_DOWN
   */
  restore(input: Input<'marketplace.restore'>, options?: CallOptions): Promise<Output<'marketplace.restore'>>

  /** Takedowns that their authors appeal, newest first. {@link restore} grants one. */
  takedownAppeals(
    input?: Input<'marketplace.takedownAppeals'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.takedownAppeals'>>

  /**
   * Leaves a takedown as it is, and tells who appealed why.
   * @throws EXTENSION_NOT_FOUND, APPEAL_NOT_POSSIBLE
   */
  declineAppeal(
    input: Input<'marketplace.declineAppeal'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.declineAppeal'>>

  /**
   * Shows an extension among the featured ones.
   * @throws EXTENSION_NOT_FOUND
   */
  feature(input: Input<'marketplace.feature'>, options?: CallOptions): Promise<Output<'marketplace.feature'>>

  /**
   * Shows it there no longer.
   * @throws EXTENSION_NOT_FOUND
   */
  unfeature(
    input: Input<'marketplace.unfeature'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.unfeature'>>

  /**
   * Reviews that people flagged, most flags first, with some of their reasons.
   */
  flaggedReviews(
    input?: Input<'marketplace.flaggedReviews'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.flaggedReviews'>>

  /**
   * Hides a review: only its author sees it, who is told why, and its stars do not count.
   * @throws NOT_FOUND
   */
  hideReview(
    input: Input<'marketplace.hideReview'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.hideReview'>>

  /**
   * Shows a hidden review again.
   * @throws NOT_FOUND
   */
  unhideReview(
    input: Input<'marketplace.unhideReview'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.unhideReview'>>

  /**
   * Leaves a flagged review as it is, and takes it off the list.
   * @throws NOT_FOUND
   */
  dismissFlags(
    input: Input<'marketplace.dismissFlags'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.dismissFlags'>>

  /**
   * Reports of abuse, newest first.
   */
  abuseReports(
    input?: Input<'marketplace.abuseReports'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.abuseReports'>>

  /**
   * Decides a report and tells its author. It does nothing to the extension: {@link takedown} does.
   * @throws NOT_FOUND, REPORT_DECIDED
   */
  decideReport(
    input: Input<'marketplace.decideReport'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.decideReport'>>
}

export const moderationApi = (call: Caller): ModerationApi =>
  methodsOf<ModerationApi>(call, {
    killList: 'query',
    moderationQueue: 'query',
    approve: 'mutation',
    reject: 'mutation',
    takedownImpact: 'query',
    takedown: 'mutation',
    restore: 'mutation',
    takedownAppeals: 'query',
    declineAppeal: 'mutation',
    feature: 'mutation',
    unfeature: 'mutation',
    flaggedReviews: 'query',
    hideReview: 'mutation',
    unhideReview: 'mutation',
    dismissFlags: 'mutation',
    abuseReports: 'query',
    decideReport: 'mutation',
  })
