import { z } from 'zod'
import { id, line, pageInput, pageOf, reason } from '../../wire.ts'
import { roleSchema, userSchema } from '../users/schemas.ts'

const page = pageInput(50)

/** An account as admins see it. */
export const adminUserSchema = userSchema.extend({
  banned: z.boolean(),
  banReason: z.string().nullable(),
  banExpires: z.date().nullable(),
})
const foundUserSchema = adminUserSchema.extend({ lastSeenAt: z.date().nullable() })

export const usersInput = z
  .strictObject({
    query: line(200).optional(),
    role: roleSchema.optional(),
    banned: z.boolean().optional(),
    ...page,
  })
  .default({ limit: 50 })
export const usersOutput = pageOf(foundUserSchema)

export const setRoleInput = z.strictObject({ userId: id, role: roleSchema, reason })
export const banInput = z.strictObject({ userId: id, reason, until: z.date().optional() })
export const unbanInput = z.strictObject({ userId: id, reason })
export const impersonateInput = z.strictObject({ userId: id, reason })

export const auditInput = z
  .strictObject({
    subject: id.optional(),
    actor: id.optional(),
    action: z.string().min(1).max(100).optional(),
    from: z.date().optional(),
    until: z.date().optional().describe('Before this time'),
    ...page,
  })
  .default({ limit: 50 })
const record = z.record(z.string(), z.unknown()).nullable()
export const auditOutput = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      at: z.date(),
      actor: z.string(),
      action: z.string(),
      subject: z.string(),
      reason: z.string().nullable(),
      before: record,
      after: record,
      requestId: z.string().nullable(),
      ip: z.string().nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
})

export const rotateSigningKeyInput = z.strictObject({
  purpose: z.enum(['access', 'lease', 'package']),
  /** The old key may be in wrong hands: what it signed is void from now on. Default: it stays good for an overlap. */
  withdrawOld: z.boolean().default(false),
  /** How long what the old key signed stays good; by default longer than any lease. */
  overlapDays: z.number().int().min(1).max(365).optional(),
  reason,
})
export const rotateSigningKeyOutput = z.object({ kid: z.string(), previousKid: z.string().nullable() })

const counts = <K extends string>(...names: K[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, z.number()])) as Record<K, z.ZodNumber>)
/** Since midnight (UTC), and within 30 days. */
const lately = z.object({ today: z.number(), month: z.number() })
export const overviewOutput = z
  .object({
    asOf: z.date(),
    tickets: counts('new', 'open', 'pending', 'on_hold', 'unassigned').extend({
      /** A promise of theirs is broken now. */
      overdue: z.number(),
      /** Promises that were broken. */
      breaches: lately,
    }),
    webhooks: counts('received', 'failed', 'quarantined'),
    failedJobs: z.number(),
    mails: z.object({ waiting: z.number(), givenUp: z.number() }),
    submissions: counts('received', 'scanning', 'scan_failed', 'needs_review', 'approved'),
    openAppeals: z.number(),
    openReports: z.number(),
    newUsers: lately,
    /** Net of refunds and disputes. */
    revenue: z.array(z.object({ currency: z.string(), todayMinor: z.number(), monthMinor: z.number() })),
  })
  .meta({ id: 'AdminOverview' })

export const mailsInput = z
  .strictObject({ state: z.enum(['given_up', 'waiting']).default('given_up'), ...page })
  .default({ state: 'given_up', limit: 50 })
export const mailSchema = z.object({
  id: z.string(),
  to: z.string().nullable(),
  template: z.string().nullable(),
  state: z.enum(['given_up', 'waiting']),
  attempts: z.number(),
  lastError: z.string().nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export const mailsOutput = pageOf(mailSchema)
export const retryMailInput = z.strictObject({ id })
