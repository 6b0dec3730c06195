import { z } from 'zod'
import { id, idempotencyKey, line, pageInput, pageOf, reason } from '../../wire.ts'

/** A license key as people type it: judged by its checksum, not here, so that a typo is an answer and not an error. */
const key = z.string().max(200).describe('License key, `DF-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`')
const fingerprint = z
  .string()
  .min(8)
  .max(512)
  .describe('Stable identifier of the machine; only its SHA-256 is kept')
const deviceName = line(100).optional()
const platform = line(100).optional()
const appVersion = line(64).optional()

export const licenseStatusSchema = z.enum(['trial', 'active', 'past_due', 'suspended', 'revoked', 'expired'])

export const validateInput = z.strictObject({
  key,
  fingerprint: fingerprint.optional(),
  entitlement: line(200).optional(),
  appVersion,
  product: line(200).optional(),
})

export const validationCode = z.enum([
  'VALID',
  'NOT_FOUND',
  'MALFORMED_KEY',
  'EXPIRED',
  'PAST_DUE',
  'SUSPENDED',
  'REVOKED',
  'TRIAL_EXPIRED',
  'PRODUCT_MISMATCH',
  'ENTITLEMENT_MISSING',
  'NO_DEVICE',
  'DEVICE_MISMATCH',
  'TOO_MANY_DEVICES',
  'VERSION_NOT_COVERED',
])
const remedy = z.enum([
  'check_key',
  'buy',
  'renew',
  'update_payment',
  'contact_support',
  'upgrade',
  'activate',
  'free_device',
  'use_covered_version',
])

export const validateOutput = z.object({
  valid: z.boolean(),
  code: validationCode,
  license: z
    .object({
      id: z.string(),
      plan: z.string(),
      product: z.string(),
      status: licenseStatusSchema,
      keyHint: z.string(),
      expiresAt: z.date().nullable(),
      updatesUntil: z.date().nullable(),
      maxDevices: z.number(),
      devicesInUse: z.number(),
    })
    .nullable(),
  entitlements: z.array(z.string()),
  remedy: remedy.nullable(),
})

export const licenseSchema = z
  .object({
    id: z.string(),
    plan: z.string(),
    product: z.string(),
    status: licenseStatusSchema,
    keyHint: z.string(),
    seats: z.number(),
    maxDevices: z.number(),
    devicesInUse: z.number(),
    entitlements: z.array(z.string()),
    expiresAt: z.date().nullable(),
    updatesUntil: z.date().nullable(),
    suspendedReason: z.string().nullable(),
    revokedAt: z.date().nullable(),
    revokedReason: z.string().nullable(),
    subscriptionId: z.string().nullable(),
    createdAt: z.date(),
  })
  .meta({ id: 'License' })

export const deviceSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    platform: z.string().nullable(),
    appVersion: z.string().nullable(),
    activatedAt: z.date(),
    lastSeenAt: z.date(),
  })
  .meta({ id: 'Device' })

export const activateInput = z.strictObject({ key, fingerprint, deviceName, platform, appVersion })
export const activateOutput = z.object({
  license: licenseSchema,
  device: deviceSchema,
  lease: z.string(),
  leaseExpiresAt: z.date(),
})

export const leaseInput = z.strictObject({ key, fingerprint })
export const leaseOutput = z.object({ lease: z.string(), expiresAt: z.date() })

export const deactivateInput = z.union([
  z.strictObject({ key, fingerprint }),
  z.strictObject({ deviceId: id }),
])
export const deactivateOutput = z.object({ deactivated: z.boolean() })

export const revocationsInput = z.strictObject({
  since: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
})
export const revocationsOutput = z.object({ list: z.string(), sequence: z.number(), more: z.boolean() })

export const listInput = z.strictObject(pageInput())
export const listOutput = pageOf(licenseSchema)
export const getInput = z.strictObject({ id })
export const devicesInput = z.strictObject({ licenseId: id, ...pageInput() })
export const devicesOutput = pageOf(deviceSchema).extend({ limit: z.number() })
export const renameDeviceInput = z.strictObject({ deviceId: id, name: line(100) })
export const eventsInput = z.strictObject({ licenseId: id, ...pageInput() })
const facts = z.record(z.string(), z.unknown()).nullable()
export const eventsOutput = pageOf(
  z.object({
    id: z.string(),
    type: z.string(),
    actor: z.string(),
    reason: z.string().nullable(),
    cause: z.string().nullable(),
    before: facts,
    after: facts,
    at: z.date(),
  }),
)
export const reissueInput = z.strictObject({ licenseId: id, freeDevices: z.boolean().default(false) })
export const keyOutput = z.object({ license: licenseSchema, key: z.string() })
export const startTrialInput = z.strictObject({ fingerprint, deviceName, platform, appVersion })
export const startTrialOutput = activateOutput.extend({ key: z.string() })
export const transferInput = z.strictObject({ licenseId: id, toEmail: z.email().max(254) })
export const transferOutput = z.object({
  licenseId: z.string(),
  toEmail: z.string(),
  transferredAt: z.date(),
})

const issueFields = {
  plan: line(64),
  seats: z.number().int().min(1).max(10_000).optional(),
  expiresAt: z.date().optional(),
  reason,
  idempotencyKey: idempotencyKey.optional(),
}
export const issueInput = z.union([
  z.strictObject({ userId: id, ...issueFields }),
  z.strictObject({ email: z.email().max(254), ...issueFields }),
])
const renewFields = { licenseId: id, reason, idempotencyKey: idempotencyKey.optional() }
export const renewInput = z.union([
  z.strictObject({ until: z.date(), ...renewFields }),
  z.strictObject({ months: z.number().int().min(1).max(120), ...renewFields }),
])
export const decideInput = z.strictObject({ licenseId: id, reason })
export const searchInput = z.strictObject({
  query: z.string().max(200).optional(),
  status: licenseStatusSchema.optional(),
  plan: line(64).optional(),
  ...pageInput(),
})
export const searchOutput = pageOf(
  licenseSchema.extend({ owner: z.object({ id: z.string(), name: z.string(), email: z.string() }) }),
)
export const releaseInput = z.strictObject({
  product: line(200).default('editor'),
  version: line(64),
  releasedAt: z.date(),
})
export const releaseOutput = z.object({ product: z.string(), version: z.string(), releasedAt: z.date() })
