import { z } from 'zod'
import { CONTROL_CHARACTERS, line } from '../../wire.ts'

/** A mail address, in the lower case that it is stored and compared in. */
export const emailSchema = z
  .string()
  .max(254)
  .trim()
  .toLowerCase()
  .pipe(z.email())
  // Placeholders of ours (shadow and erased accounts) are nobody's address.
  .refine((email) => !email.endsWith('@devforge.invalid'), 'Give a mail address that exists.')

export const nameSchema = line(100)

const httpsUrl = z
  .url({ protocol: /^https$/, hostname: z.regexes.domain })
  .max(2_000)
  .refine((url) => !CONTROL_CHARACTERS.test(url), 'Control characters are not allowed.')

/** A BCP 47 language tag: `de`, `en-GB`. */
const localeSchema = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'Give a language tag like en or de-AT.')

export const roleSchema = z.enum(['customer', 'agent', 'admin'])

/** An account as its owner sees it. */
export const userSchema = z.object({
  id: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  name: z.string(),
  avatarUrl: z.string().nullable(),
  locale: z.string().nullable(),
  role: roleSchema,
  twoFactorEnabled: z.boolean(),
  createdAt: z.date(),
})
export type User = z.infer<typeof userSchema>

export const updateUserInput = z
  .strictObject({
    name: nameSchema.optional(),
    avatarUrl: httpsUrl.nullable().optional(),
    locale: localeSchema.nullable().optional(),
  })
  .refine((input) => Object.values(input).some((value) => value !== undefined), 'Give something to change.')
export type UpdateUserInput = z.infer<typeof updateUserInput>

const records = z.array(z.record(z.string(), z.unknown()))
/** Everything that is kept about a person. The records are rows of our books as they are; more members may come. */
export const exportSchema = z.object({
  exportedAt: z.date(),
  account: userSchema,
  signIns: records,
  sessions: records,
  apiTokens: records,
  licenses: records,
  devices: records,
  licenseEvents: records,
  trials: records,
  checkouts: records,
  subscriptions: records,
  payments: records,
  paymentEvents: records,
  refunds: records,
  invoices: records,
  publishers: records,
  ratings: records,
  reviewFlags: records,
  abuseReports: records,
  submissions: records,
  appeals: records,
  tickets: records,
  ticketMessages: records,
  ticketAttachments: records,
  ticketDiagnostics: records,
  extensionDownloads: records,
  articleFeedback: records,
  articlesThatSolvedIt: records,
  articleVersions: records,
  history: records,
})
export const deleteAccountInput = z.strictObject({ password: z.string().min(1).max(200) })
export const okSchema = z.object({ ok: z.literal(true) })
