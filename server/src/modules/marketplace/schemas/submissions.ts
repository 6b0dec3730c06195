import { submissionStatus } from '@devforge/db'
import { z } from 'zod'
import { id, line, pageInput, pageOf, reason } from '../../../wire.ts'
import { extensionId } from './identifiers.ts'

const status = z.enum(submissionStatus.enumValues)

const finding = z
  .object({
    /** The check, such as `secret` or `zip-path`. */
    rule: z.string(),
    /** `error` rejects, `hold` waits for a moderator, the others are told. */
    severity: z.enum(['error', 'hold', 'warning', 'info']),
    message: z.string(),
    file: z.string().optional(),
    line: z.number().optional(),
  })
  .meta({ id: 'Finding' })

const difference = z.object({
  /** The version it was compared with. */
  previousVersion: z.string(),
  changes: z.array(z.object({ rule: z.string(), before: z.unknown(), after: z.unknown() })),
})

export const submissionSchema = z
  .object({
    id: z.string(),
    /** `publisher.name` */
    extension: z.string(),
    version: z.string(),
    targetPlatform: z.string(),
    preRelease: z.boolean(),
    status,
    /** Why it was rejected, or what it waits for. */
    reason: z.string().nullable(),
    findings: z.array(finding),
    difference: difference.nullable(),
    /** Hex. */
    sha256: z.string(),
    sizeBytes: z.number(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'Submission' })

export const submissionInput = z.strictObject({ id })
export const submissionsInput = z.strictObject({
  extension: extensionId.optional(),
  status: status.optional(),
  ...pageInput(),
})
export const submissionsOutput = pageOf(submissionSchema)

/** Several lines, as people write them. */
const text = z
  .string()
  .trim()
  .min(1)
  .max(5_000)
  .refine((value) => !/[^\P{Cc}\n\r\t]/u.test(value), 'Control characters are not allowed.')
export const appealInput = z.strictObject({
  id: line(200).describe('Id of the rejected submission, or `publisher.name` of what was taken down'),
  text,
})
export const appealOutput = z.object({
  appealId: z.string(),
  /** Where it is talked about, and the decision told. */
  ticketId: z.string(),
})

export const moderationQueueInput = z.strictObject({
  which: z
    .enum(['held', 'appealed', 'scan_failed'])
    .default('held')
    .describe('Held by a check or the policy; rejected and appealed; without a word of the scanner'),
  ...pageInput(),
})
export const moderationQueueOutput = pageOf(
  submissionSchema.extend({
    submittedBy: z.string(),
    publisher: z.object({
      id: z.string(),
      name: z.string(),
      displayName: z.string(),
      verified: z.boolean(),
      createdAt: z.date(),
    }),
    /** Of the extension, so far. */
    installs: z.number(),
    appeal: z
      .object({ id: z.string(), text: z.string(), userId: z.string(), createdAt: z.date() })
      .nullable(),
  }),
)
export const approveInput = z.strictObject({ submissionId: id, reason: reason.optional() })
export const rejectInput = z.strictObject({ submissionId: id, reason })
