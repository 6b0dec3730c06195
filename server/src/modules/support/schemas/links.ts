import { z } from 'zod'
import { id, line } from '../../../wire.ts'
import { status } from './tickets.ts'

const extensionId = line(200).describe('publisher.name')
const extensionVersion = line(100)

/** What a ticket is about; one's own. */
export const linksInput = z
  .strictObject({
    licenseId: id.optional(),
    paymentId: id.optional(),
    extensionId: extensionId.optional(),
    extensionVersion: extensionVersion.optional().describe('The installed one'),
  })
  .refine((links) => links.extensionVersion === undefined || links.extensionId !== undefined, {
    path: ['extensionVersion'],
    message: 'Say of which extension.',
  })

const kind = z.enum(['license', 'payment', 'extension', 'article', 'ticket'])
export const linkInput = z.strictObject({
  id,
  kind,
  targetId: line(200).describe('An id, or publisher.name of an extension'),
  version: extensionVersion.optional().describe('Of an extension'),
})
export const unlinkInput = z.strictObject({ id, kind, targetId: line(200) })

/** As its customer sees it. */
export const linkSchema = z
  .object({ kind, id: z.string(), version: z.string().nullable() })
  .meta({ id: 'TicketLink' })

/** What agents see of what a ticket is about. */
export const deskLinksSchema = z
  .object({
    licenses: z.array(
      z.object({
        id: z.string(),
        plan: z.string(),
        planName: z.string(),
        /** `editor`, or `extension:publisher.name`. */
        product: z.string(),
        status: z.string(),
        /** The last group of the key. */
        keyHint: z.string(),
        devicesInUse: z.number(),
        maxDevices: z.number(),
        expiresAt: z.date().nullable(),
        /** Last seen first, 50 at most. */
        devices: z.array(
          z.object({
            id: z.string(),
            name: z.string().nullable(),
            platform: z.string().nullable(),
            appVersion: z.string().nullable(),
            activatedAt: z.date(),
            lastSeenAt: z.date(),
          }),
        ),
      }),
    ),
    payments: z.array(
      z.object({
        id: z.string(),
        status: z.string(),
        amountMinor: z.number(),
        refundedMinor: z.number(),
        currency: z.string(),
        description: z.string().nullable(),
        licenseId: z.string().nullable(),
        createdAt: z.date(),
      }),
    ),
    extensions: z.array(
      z.object({
        /** `publisher.name` */
        id: z.string(),
        name: z.string(),
        status: z.string(),
        installedVersion: z.string().nullable(),
        latestVersion: z.string().nullable(),
        publisher: z.string(),
      }),
    ),
    articles: z.array(z.object({ id: z.string() })),
    tickets: z.array(z.object({ id: z.string(), number: z.number(), subject: z.string(), status })),
  })
  .meta({ id: 'TicketDeskLinks' })
export const deskLinksOutput = z.object({ links: deskLinksSchema })
