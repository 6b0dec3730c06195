import { z } from 'zod'
import { line, pageInput, pageOf } from '../../../wire.ts'
import { MAX_PUBLISHER_NAME } from '../publisher-names.ts'

const publisher = line(MAX_PUBLISHER_NAME).describe('Name of the publisher, in any case')
const extensionId = line(300).describe('`publisher.name`, in any case')
const currency = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z]{3}$/)
  .describe('ISO 4217')
const minor = z.number().int().describe('In minor units (cents) of the currency')

/** The provider redirects here: web pages, or the editor's own deep links. Nothing that a browser would run. */
const pageUrl = z
  .url({ protocol: /^(https?|devforge)$/ })
  .max(2_000)
  .describe('http(s):// or devforge:// URL')

export const setPriceInput = z.union([
  z.strictObject({ id: extensionId, amountMinor: minor, currency }),
  z.strictObject({ id: extensionId, free: z.literal(true) }),
])
export const setPriceOutput = z.object({
  id: z.string(),
  price: z.object({ amountMinor: minor, currency: z.string() }).nullable().describe('null: free'),
})

const accountSchema = z.object({
  detailsSubmitted: z.boolean().describe('Its owner has gone through the onboarding'),
  transfersEnabled: z.boolean().describe('Shares can be sent to it'),
  payoutsEnabled: z.boolean().describe('The provider pays it out to a bank'),
  requirementsDue: z.array(z.string()).describe('What the provider still wants to know, in its own words'),
  disabledReason: z.string().nullable(),
})

export const createPayoutAccountInput = z.strictObject({
  publisher,
  returnUrl: pageUrl.describe('Where the owner is sent from the page'),
  refreshUrl: pageUrl.describe('Where the owner is sent when the page has expired: call again from there'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .describe(
      'ISO 3166-1; only the first call’s counts, and it cannot be changed. Default: that of this vendor',
    ),
})
export const createPayoutAccountOutput = z.object({
  url: z.string(),
  expiresAt: z.date().nullable(),
  account: accountSchema,
})

export const balanceInput = z.strictObject({ publisher })
export const balanceOutput = z.object({
  items: z.array(
    z.object({
      currency: z.string(),
      sales: z.number().int(),
      earnedMinor: minor.describe('Shares of all sales, after refunds and lost disputes'),
      transferredMinor: minor.describe('Sent to the account, less what was taken back'),
      availableMinor: minor.describe('To be sent as soon as the account can take money'),
      pendingMinor: minor.describe('Held while a bank decides'),
      negativeMinor: minor.describe('Owed to us, and kept from what is sent next'),
    }),
  ),
  feeBps: z.number().int().describe('Our fee on sales from now on, in hundredths of a percent'),
  account: accountSchema.nullable(),
})

const month = z
  .string()
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/)
  .describe('`2026-11`; months are of UTC')
const amounts = {
  grossMinor: minor.describe('tax + fee + share'),
  taxMinor: minor,
  feeMinor: minor,
  shareMinor: minor,
  transferredMinor: minor.describe('Sent to the account; negative: taken back'),
}

export const payoutsInput = z.strictObject({ publisher, month, ...pageInput(100) })
export const payoutsOutput = pageOf(
  z.object({
    id: z.string(),
    at: z.date(),
    kind: z.enum([
      'sale',
      'refund',
      'refund_failed',
      'dispute_lost',
      'dispute_returned',
      'transfer',
      'transfer_reversed',
    ]),
    extension: z.string(),
    saleId: z.string(),
    currency: z.string(),
    ...amounts,
  }),
).extend({ totals: z.array(z.object({ currency: z.string(), ...amounts })).describe('Of the whole month') })

export const payoutsCsvInput = z.strictObject({ publisher, month })
export const payoutsCsvOutput = z.object({
  fileName: z.string(),
  csv: z.string().describe('RFC 4180, UTF-8; amounts as decimals'),
  entries: z.number().int(),
})
