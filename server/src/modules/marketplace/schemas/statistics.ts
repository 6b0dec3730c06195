import { z } from 'zod'
import { pageInput, pageOf, reason } from '../../../wire.ts'
import { day, extensionId } from './identifiers.ts'

const MAX_DAYS = 400
const DAY_MS = 86_400_000

const range = { id: extensionId, from: day, to: day }
const inOrder = ({ from, to }: { from: string; to: string }): boolean => from <= to
const notTooLong = ({ from, to }: { from: string; to: string }): boolean =>
  Date.parse(to) - Date.parse(from) < MAX_DAYS * DAY_MS
const ORDER = { message: 'The first day comes after the last.', path: ['to'] }
const LENGTH = { message: `At most ${MAX_DAYS} days at a time.`, path: ['to'] }

const statsBy = z.enum(['day', 'version', 'platform'])
const counts = {
  /** Packages given out, whatever for. */
  downloads: z.number(),
  installs: z.number(),
  updates: z.number(),
  uninstalls: z.number(),
  /** Installs by clients that had not had it before. */
  uniqueInstalls: z.number(),
}

export const statsInput = z
  .strictObject({ ...range, by: statsBy.default('day') })
  .refine(inOrder, ORDER)
  .refine(notTooLong, LENGTH)
export const statsOutput = z
  .object({
    id: z.string(),
    from: z.string(),
    to: z.string(),
    by: statsBy,
    /** `key` is the day, the version or the platform; days without usage are among them. */
    items: z.array(z.object({ key: z.string(), ...counts })),
    totals: z.object(counts),
  })
  .meta({ id: 'ExtensionStats' })

export const statsCsvInput = z.strictObject(range).refine(inOrder, ORDER).refine(notTooLong, LENGTH)
export const statsCsvOutput = z.object({ fileName: z.string(), contentType: z.string(), csv: z.string() })

const appealStatus = z.enum(['open', 'granted', 'declined'])
export const impactInput = z.strictObject({ id: extensionId })
export const impactOutput = z.object({
  id: z.string(),
  displayName: z.string(),
  status: z.enum(['hidden', 'published', 'removed']),
  malicious: z.boolean(),
  takenDownAt: z.date().nullable(),
  /** Clients that ever installed it. */
  installs: z.number(),
  /** Clients that have it now, as far as they told. */
  activeInstalls: z.number(),
  downloads: z.number(),
  versions: z.number(),
})
export const takedownInput = z.strictObject({
  id: extensionId,
  reason,
  malicious: z.boolean().default(true).describe('Harmful: editors remove it from the machines that have it'),
})
export const takedownOutput = impactOutput.extend({ reportsUpheld: z.number() })
export const restoreInput = z.strictObject({ id: extensionId, reason })
export const takedownAppealsInput = z.strictObject({
  status: appealStatus.optional(),
  ...pageInput(),
})
export const takedownAppealsOutput = pageOf(
  z.object({
    id: z.string(),
    extension: z.string(),
    text: z.string(),
    status: appealStatus,
    answer: z.string().nullable(),
    takenDownAt: z.date().nullable(),
    takedownReason: z.string().nullable(),
    createdAt: z.date(),
    decidedAt: z.date().nullable(),
  }),
)
export const declineAppealInput = z.strictObject({ id: extensionId, reason })
export const declineAppealOutput = z.object({ id: z.string(), extension: z.string(), status: appealStatus })
export const featureInput = z.strictObject({ id: extensionId })
export const featureOutput = z.object({ id: z.string(), featuredAt: z.date().nullable() })

export const killListOutput = z.object({
  malicious: z.array(z.object({ id: z.string(), reason: z.string(), at: z.date() })),
  deprecated: z.array(
    z.object({ id: z.string(), message: z.string().nullable(), replacedBy: z.string().nullable() }),
  ),
})
