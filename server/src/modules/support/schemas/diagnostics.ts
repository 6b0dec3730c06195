import { z } from 'zod'
import { line } from '../../../wire.ts'

const text = (max: number) => z.string().max(max)
const setting = z.union([text(500), z.number(), z.boolean(), z.null()])

/**
 * What an editor tells of itself. Bounded, and without a place for files, environment or keys; what such texts may still hold is redacted,
 * in the SDK before it is shown and here before it is kept.
 */
export const diagnosticsInput = z
  .strictObject({
    app: z.strictObject({ version: line(50), commit: line(64).optional() }),
    os: z.strictObject({ platform: line(30), release: line(100).optional(), arch: line(20) }),
    /** Of the editor: `de`. */
    locale: line(35).optional(),
    extensions: z
      .array(z.strictObject({ id: line(200), version: line(100) }))
      .max(300)
      .default([]),
    /** The last ones. */
    errors: z
      .array(z.strictObject({ at: z.date(), message: text(2_000), stack: text(10_000).optional() }))
      .max(20)
      .default([]),
    /** Those that were changed and are no secrets. */
    settings: z
      .record(line(200), setting)
      .refine((settings) => Object.keys(settings).length <= 50, 'Give 50 settings at most.')
      .default({}),
  })
  .meta({ id: 'TicketDiagnosticsInput' })

export const diagnosticsSchema = z
  .object({
    app: z.object({ version: z.string(), commit: z.string().optional() }),
    os: z.object({ platform: z.string(), release: z.string().optional(), arch: z.string() }),
    locale: z.string().optional(),
    extensions: z.array(z.object({ id: z.string(), version: z.string() })),
    errors: z.array(z.object({ at: z.coerce.date(), message: z.string(), stack: z.string().optional() })),
    settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    /** They are deleted then. */
    expiresAt: z.date(),
  })
  .meta({ id: 'TicketDiagnostics' })
