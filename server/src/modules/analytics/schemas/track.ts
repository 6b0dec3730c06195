import { z } from 'zod'

/** Clients send more often, not more at once. */
const MAX_EVENTS = 50
const MAX_PROPERTIES = 20

/** A line of text without control characters, which Postgres would refuse in part. */
const text = z
  .string()
  .max(200)
  .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), 'Control characters are not allowed.')
const property = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,39}$/)

const event = z.strictObject({
  id: z.uuid().describe('Made by the client; an event that is sent again under its id counts once'),
  name: z
    .string()
    .max(64)
    .regex(/^[a-z][a-zA-Z0-9]*(?:\.[a-z][a-zA-Z0-9_]*)+$/)
    .describe('`area.thing`'),
  at: z.date().describe('When it happened, by the clock of the machine'),
  properties: z
    .record(property, z.union([text, z.number(), z.boolean()]))
    .refine((properties) => Object.keys(properties).length <= MAX_PROPERTIES, {
      message: `At most ${MAX_PROPERTIES} properties.`,
    })
    .default({}),
})

export const trackInput = z.strictObject({
  clientId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,64}$/)
    .describe('A random id made for this alone, at the time of the consent. Only a digest of it is kept.'),
  events: z.array(event).min(1).max(MAX_EVENTS),
})
export type TrackInput = z.infer<typeof trackInput>

export const trackOutput = z.object({
  accepted: z.number(),
  /** Known already: the answer to an earlier try was lost. */
  duplicates: z.number(),
  /** Never to be sent again. */
  refused: z.array(z.object({ id: z.string(), reason: z.enum(['too_old', 'in_future', 'name']) })),
})
