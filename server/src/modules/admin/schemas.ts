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
