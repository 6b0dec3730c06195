import { z } from 'zod'
import { line } from '../../wire.ts'
import { emailSchema, nameSchema, userSchema } from '../users/schemas.ts'
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './constants.ts'

/** A password that is being set. Any characters, spaces too; only NUL, which no keyboard has, is refused. */
export const newPasswordSchema = z
  .string()
  .min(MIN_PASSWORD_LENGTH)
  .max(MAX_PASSWORD_LENGTH)
  .refine((text) => !text.includes('\0'), 'NUL is not allowed.')
/** A password that is being checked: rules may have been others when it was set. */
export const passwordSchema = z.string().min(1).max(MAX_PASSWORD_LENGTH)

/** A token of ours: from a mail, of a session, of a device. */
export const tokenSchema = z
  .string()
  .min(16)
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/)
/** Six digits of an authenticator app, or one of the backup codes; spaces and hyphens do not matter. */
export const totpSchema = z
  .string()
  .max(40)
  .transform((code) => code.replace(/[\s-]/g, '').toUpperCase())
  .pipe(z.string().regex(/^(?:\d{6}|[0-9A-Z]{10})$/))

export const signUpInput = z.strictObject({
  email: emailSchema,
  password: newPasswordSchema,
  name: nameSchema,
})
export type SignUpInput = z.infer<typeof signUpInput>

export const signInInput = z.strictObject({
  email: emailSchema,
  password: passwordSchema,
  totp: totpSchema.optional(),
})
export type SignInInput = z.infer<typeof signInInput>

/** What every way of signing in answers. */
export const signedInSchema = z.object({
  user: userSchema,
  /** Short-lived (10 minutes): goes with every call. */
  accessToken: z.string(),
  accessTokenExpiresAt: z.date(),
  /** Long-lived and revocable: fetches new access tokens. Keep it where only this app reads it. */
  sessionToken: z.string(),
})
export type SignedIn = z.infer<typeof signedInSchema>

export const refreshInput = z.strictObject({ sessionToken: tokenSchema })
export const signOutInput = z.strictObject({ sessionToken: tokenSchema.optional() })
export const emailInput = z.strictObject({ email: emailSchema })
export const verifyEmailInput = z.strictObject({ token: tokenSchema })
export const resetPasswordInput = z.strictObject({ token: tokenSchema, password: newPasswordSchema })
export const changePasswordInput = z.strictObject({
  password: passwordSchema,
  newPassword: newPasswordSchema,
})
export const okSchema = z.object({ ok: z.literal(true) })
export const idInput = z.strictObject({ id: z.string().min(1).max(100) })

export const sessionSchema = z.object({
  id: z.string(),
  current: z.boolean(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.date(),
  lastUsedAt: z.date(),
  expiresAt: z.date(),
})

export const startDeviceInput = z
  .strictObject({
    /** What is signing in: `Dev Forge on Ada's laptop`. Shown to the person who approves. */
    clientName: line(100).optional(),
  })
  .default({})
export const deviceStartSchema = z.object({
  deviceCode: z.string(),
  userCode: z.string(),
  verificationUrl: z.string(),
  intervalSeconds: z.number(),
  expiresAt: z.date(),
})
export const pollDeviceInput = z.strictObject({ deviceCode: tokenSchema })
export const userCodeSchema = z.string().min(1).max(40)
export const userCodeInput = z.strictObject({ userCode: userCodeSchema })
export const approveDeviceInput = z.strictObject({
  userCode: userCodeSchema,
  decision: z.enum(['approve', 'deny']).default('approve'),
})
export const deviceRequestSchema = z.object({ clientName: z.string().nullable(), createdAt: z.date() })
export const deviceDecisionSchema = z.object({ ok: z.literal(true), clientName: z.string().nullable() })

export const apiTokenScopes = z.enum(['publish', 'read'])
export const createApiTokenInput = z.strictObject({
  name: line(100),
  scopes: z.array(apiTokenScopes).min(1).max(10),
  /** Default: in 90 days; at most a year ahead. */
  expiresAt: z.date().optional(),
})
export type CreateApiTokenInput = z.infer<typeof createApiTokenInput>
const apiTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The last four characters. */
  hint: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.date().nullable(),
  lastUsedAt: z.date().nullable(),
  createdAt: z.date(),
})
export const createdApiTokenSchema = apiTokenSchema.extend({ token: z.string() })

export const verifiedSchema = z.object({
  ok: z.literal(true),
  /** The address was another account's: what was done in the new one is in that one now. */
  joined: z.boolean(),
})
export const pageInput = z
  .strictObject({
    cursor: z.string().max(100).optional(),
    limit: z.number().int().min(1).max(100).default(50),
  })
  .default({ limit: 50 })
export const sessionsSchema = z.object({ items: z.array(sessionSchema), nextCursor: z.string().nullable() })

export const enableTotpInput = z.strictObject({ password: passwordSchema })
export const totpSetupSchema = z.object({
  /** For typing into an authenticator app: Base32. */
  secret: z.string(),
  /** The same for a QR code: `otpauth://totp/…`. */
  otpauthUrl: z.string(),
  /** Each lets in once without the app. Shown now and never again. */
  backupCodes: z.array(z.string()),
})
export const confirmTotpInput = z.strictObject({ code: totpSchema })
export const disableTotpInput = z.strictObject({ password: passwordSchema, totp: totpSchema.optional() })
export const apiTokensSchema = z.object({ items: z.array(apiTokenSchema), nextCursor: z.string().nullable() })
