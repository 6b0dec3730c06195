import type { Finding } from '@devforge/db'
import { defineErrors, error } from '../../errors/define.ts'

export const marketplaceErrors = defineErrors({
  EXTENSION_NOT_FOUND: error<{ id: string; version?: string; targetPlatform?: string }>(
    'NOT_FOUND',
    'There is no such extension, version or platform.',
  ),
  PUBLISHER_TAKEN: error<{ name: string }>(
    'CONFLICT',
    'This publisher name is taken or reserved. Choose another.',
  ),
  PUBLISHER_NOT_FOUND: error<{ name: string }>('NOT_FOUND', 'There is no such publisher.'),
  /** `publisher` is null for an account that belongs to none, whose package was not even taken in. */
  PUBLISHER_FORBIDDEN: error<{ publisher: string | null }>(
    'FORBIDDEN',
    'Your account may not publish under this name. Ask one of its owners to add you.',
  ),
  PUBLISHER_LIMIT: error<{ limit: number }>(
    'CONFLICT',
    'Your account has as many publishers as it may have.',
  ),
  PUBLISHER_MEMBER_LIMIT: error<{ limit: number }>(
    'CONFLICT',
    'A publisher has as many members as it may have.',
  ),
  PUBLISHER_SOLE_OWNER: error<{ publishers: string[] }>(
    'CONFLICT',
    'You are the only owner of publishers that others rely on. Make somebody else an owner, or remove them first.',
  ),
  PUBLISHER_DOMAIN_TAKEN: error<{ domain: string }>(
    'CONFLICT',
    'This domain verifies another publisher. Remove the record of that one from the DNS first.',
  ),
  PUBLISHER_DOMAIN_INVALID: error<{ domain: string }>(
    'BAD_REQUEST',
    'This is not a domain that can be verified. Give a name such as example.com.',
  ),
  PUBLISHER_LAST_OWNER: error('CONFLICT', 'A publisher needs an owner. Make somebody else one first.'),
  VSIX_INVALID: error<{ findings: Finding[] }>(
    'BAD_REQUEST',
    'This is not a package that can be published. See details.findings.',
  ),
  VSIX_TOO_LARGE: error<{ limitBytes: number }>('PAYLOAD_TOO_LARGE', 'The package is too large.'),
  VERSION_EXISTS: error<{ extension: string; version: string; targetPlatform: string }>(
    'CONFLICT',
    'This version is already published. Raise the version to publish a change.',
  ),
  EXTENSION_REMOVED: error<{ extension: string }>(
    'CONFLICT',
    'This extension was removed. Its name is not given again; publish under another one.',
  ),
  SUBMISSION_NOT_PENDING: error<{ status: string }>('CONFLICT', 'This submission has been decided already.'),
  APPEAL_EXISTS: error('CONFLICT', 'An appeal is open already. Its answer comes by mail.'),
  APPEAL_NOT_POSSIBLE: error<{ status: string }>(
    'CONFLICT',
    'Only a rejection or a takedown can be appealed.',
  ),
  PAYOUT_ACCOUNT_REQUIRED: error<{ publisher: string; requirementsDue: string[] }>(
    'CONFLICT',
    'To be paid, the publisher needs an account at the payment provider that can take money. Use createPayoutAccount.',
  ),
  PRICE_OUT_OF_RANGE: error<{ minMinor: number; maxMinor: number; currency: string }>(
    'BAD_REQUEST',
    'This price is too low or too high. See details.',
  ),
  RATING_OWN_EXTENSION: error<{ id: string }>(
    'FORBIDDEN',
    'Members of a publisher do not rate its extensions.',
  ),
  REVIEW_HIDDEN: error<{ reason: string }>(
    'CONFLICT',
    'A moderator has hidden this review. You can take it back together with its stars.',
  ),
  REPORT_DECIDED: error<{ status: string }>('CONFLICT', 'This report has been decided already.'),
  EXTENSION_TAKEN_DOWN: error<{ id: string }>('CONFLICT', 'This extension has been taken down already.'),
  EXTENSION_NOT_TAKEN_DOWN: error<{ id: string }>(
    'CONFLICT',
    'This extension has not been taken down by a moderator.',
  ),
  STATS_TOO_LARGE: error<{ limitRows: number }>(
    'BAD_REQUEST',
    'There is more than one table can hold. Ask for fewer days.',
  ),
  ENTITLEMENT_REQUIRED: error<{ extension: string; amountMinor: number; currency: string }>(
    'FORBIDDEN',
    'This extension is paid. Buy it, or sign in with the account that did.',
  ),
})
