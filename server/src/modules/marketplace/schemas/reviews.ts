import { z } from 'zod'
import { id, line, pageInput, pageOf, reason } from '../../../wire.ts'
import { extensionId } from './identifiers.ts'

/**
 * Overrides of writing direction turn a text into another one for the reader; private-use and unassigned characters are nobody's
 * language. Joiners and marks that scripts and emoji need are allowed.
 */
const TRICKS = /[\u202a-\u202e\u2066-\u2069\p{Co}\p{Cn}\p{Cs}]/u
/** Control characters other than line feeds and tabs. */
const CONTROLS = /[^\P{Cc}\n\t]/u
const honest = (text: string): boolean => !TRICKS.test(text)

/**
 * Plain text of several lines: no markup is interpreted, neither HTML nor Markdown. Whoever shows it shows it as text.
 * Line ends become `\n`.
 */
const plainText = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text) => text.replaceAll(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .min(1)
        .refine((text) => !CONTROLS.test(text), 'Control characters are not allowed.')
        .refine(honest, 'Characters that change how text reads are not allowed.'),
    )
    .describe('Plain text')
const title = line(120).refine(honest, 'Characters that change how text reads are not allowed.')
const stars = z.number().int().min(1).max(5)
const answer = plainText(2_000)

const averageSchema = z.object({
  /** Two digits; null before the first rating. */
  average: z.number().nullable(),
  count: z.number(),
})
const verified = z
  .enum(['install', 'purchase'])
  .nullable()
  .describe('Whether the author is known to have bought or downloaded the extension')

export const rateInput = z.strictObject({ id: extensionId, stars })
export const unrateInput = z.strictObject({ id: extensionId })
export const unrateOutput = z.object({ removed: z.boolean(), rating: averageSchema })
export const reviewInput = z.strictObject({ id: extensionId, stars, title, body: plainText(5_000) })
export const deleteReviewInput = z.strictObject({ id: extensionId })
export const deleteReviewOutput = z.object({ deleted: z.boolean() })
export const ownRatingInput = z.strictObject({ id: extensionId })
export const ownRatingOutput = z
  .object({
    id: z.string(),
    stars: z.number().nullable(),
    review: z
      .object({
        id: z.string(),
        title: z.string(),
        body: z.string(),
        verified,
        /** Set when a moderator has hidden it. */
        hidden: z.object({ reason: z.string() }).nullable(),
        createdAt: z.date(),
        updatedAt: z.date(),
      })
      .nullable(),
    /** Of everybody. */
    rating: averageSchema,
  })
  .meta({ id: 'OwnRating' })

export const reviewSchema = z
  .object({
    id: z.string(),
    author: z.object({ name: z.string() }),
    stars: z.number(),
    title: z.string(),
    body: z.string(),
    /** The version that was newest when the stars were given. */
    version: z.string().nullable(),
    verified,
    reply: z.object({ publisher: z.string(), body: z.string(), at: z.date() }).nullable(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'Review' })

export const reviewsInput = z.strictObject({
  id: extensionId,
  sort: z.enum(['newest', 'highest', 'lowest']).default('newest'),
  stars: stars.optional().describe('Only reviews with so many stars'),
  ...pageInput(),
})
export const reviewsOutput = pageOf(reviewSchema).extend({ rating: averageSchema })

export const replyInput = z.strictObject({
  reviewId: id,
  body: answer.nullable().describe('Null takes the reply back'),
})
export const flagInput = z.strictObject({ reviewId: id, reason })
export const flagOutput = z.object({ flagged: z.literal(true) })

export const reportCategory = z.enum(['malware', 'impersonation', 'copyright', 'spam', 'privacy', 'other'])
export const reportStatus = z.enum(['open', 'upheld', 'dismissed'])
export const reportInput = z.strictObject({
  id: extensionId,
  category: reportCategory,
  text: plainText(5_000),
})
export const reportOutput = z.object({
  id: z.string(),
  extension: z.string(),
  status: reportStatus,
  /** Where it is talked about, and the decision told; null for one from before there were tickets. */
  ticketId: z.string().nullable(),
  createdAt: z.date(),
})

// Moderators.
export const decideReviewInput = z.strictObject({ reviewId: id, reason })
export const hideOutput = z.object({ reviewId: z.string(), hidden: z.boolean(), rating: averageSchema })
export const dismissFlagsOutput = z.object({ reviewId: z.string(), dismissed: z.number() })
export const flaggedInput = z.strictObject(pageInput())
export const flaggedOutput = pageOf(
  reviewSchema.extend({
    author: z.object({ id: z.string(), name: z.string() }),
    extension: z.string(),
    flags: z.number(),
    reasons: z.array(z.string()),
  }),
)
export const reportsInput = z.strictObject({
  status: reportStatus.optional(),
  extension: extensionId.optional(),
  ...pageInput(),
})
export const reportsOutput = pageOf(
  z.object({
    id: z.string(),
    extension: z.string(),
    extensionStatus: z.enum(['hidden', 'published', 'removed']),
    reporter: z.object({ id: z.string(), name: z.string() }),
    category: reportCategory,
    text: z.string(),
    status: reportStatus,
    answer: z.string().nullable(),
    decidedAt: z.date().nullable(),
    ticketId: z.string().nullable(),
    createdAt: z.date(),
  }),
)
export const decideReportInput = z.strictObject({
  reportId: id,
  decision: z.enum(['upheld', 'dismissed']),
  answer,
})
export const decideReportOutput = z.object({
  id: z.string(),
  status: reportStatus,
  answer: z.string(),
  decidedAt: z.date(),
})
