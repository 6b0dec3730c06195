import { z } from 'zod'

const MAX_DAYS = 400
const DAY_MS = 86_400_000

const day = z.iso.date().describe('A day of UTC, `YYYY-MM-DD`')
export const range = { from: day, to: day }

/** Ranges that a report takes. */
export const bounded = <T extends z.ZodType<{ from: string; to: string }>>(input: T): T =>
  input
    .refine(({ from, to }) => from <= to, {
      message: 'The first day comes after the last.',
      path: ['to'],
    })
    .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < MAX_DAYS * DAY_MS, {
      message: `At most ${MAX_DAYS} days at a time.`,
      path: ['to'],
    })

export const rangeInput = bounded(z.strictObject(range))

/** What every report says of itself. */
export const reported = {
  from: z.string(),
  to: z.string(),
  /** Everything that was known here before this time is counted; null: nothing was counted yet. */
  asOf: z.date().nullable(),
}
/** The range just before, of as many days. */
export const previous = <T extends z.ZodType>(totals: T) =>
  z.object({ from: z.string(), to: z.string(), totals })

/** Numbers under these names. */
export const numbers = <K extends string>(names: readonly K[]) =>
  Object.fromEntries(names.map((name) => [name, z.number()])) as Record<K, z.ZodNumber>
