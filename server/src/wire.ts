import { z } from 'zod'

/** Shapes that every module's wire format spells alike: lines of text, ids, pages. */

/** NUL, escape codes and other control characters have no place in a line of text (Postgres refuses NUL). */
export const CONTROL_CHARACTERS = /\p{Cc}/u

/** One line of text as people type it: trimmed, not empty, without control characters. */
export const line = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((text) => !CONTROL_CHARACTERS.test(text), 'Control characters are not allowed.')

/** Ids are opaque: whatever is no id of ours is simply not found. */
export const id = line(64)

/** Why somebody decided something; kept in the history. */
export const reason = line(500)

/** By it a repeated call is known; see `once` in idempotency.ts. */
export const idempotencyKey = line(200).describe(
  'Any string of yours; the same key is the same request, also after a crash',
)

/** The input of a list. */
export const pageInput = (defaultLimit = 20) => ({
  cursor: line(300).optional().describe('`nextCursor` of the page before'),
  limit: z.number().int().min(1).max(100).default(defaultLimit),
})

/** What `pageInput` parses to. */
export interface PageInput {
  cursor?: string | undefined
  limit: number
}

/** The output of a list; `nextCursor` is null on the last page. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

/** Cuts a page out of rows of which one too many was read: that one tells whether there is another page. */
export function toPage<T, R extends { id: string }>(
  rows: T[],
  limit: number,
  present: (row: T) => R,
): { items: R[]; nextCursor: string | null } {
  const items = rows.slice(0, limit).map(present)
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
}

/** Rows are ordered by time, then id; both stand in the cursor. */
export const encodeCursor = (time: Date, id: string): string => `${time.toISOString()}~${id}`

/** @returns undefined for no cursor, and for one that is none of ours: the list then begins anew */
export function decodeCursor(cursor: string | undefined): { time: Date; id: string } | undefined {
  const [time = '', id] = cursor?.split('~') ?? []
  const parsed = new Date(time)
  return id === undefined || Number.isNaN(parsed.getTime()) ? undefined : { time: parsed, id }
}
