import { openCursor, sealCursor } from '../../../../cursor.ts'
import { listQueue, placeOf, type QueuePlace, type QueueRow } from '../../queries/queue.ts'
import { presentListed } from '../present.ts'
import { findView, type SavedView } from '../views.ts'
import type { StaffCtx } from '../work.ts'
import { conditionsOf, type Filters, sortOf } from './conditions.ts'

export interface QueueQuestion extends Filters {
  savedView?: string | undefined
  cursor?: string | undefined
  limit: number
}

/** A page of the queue, most urgent first or as the view is sorted. @throws NOT_FOUND (the saved view), INVALID_INPUT (the cursor) */
export async function listTicketQueue(
  ctx: StaffCtx,
  { cursor, limit, savedView, ...filters }: QueueQuestion,
) {
  const saved = savedView === undefined ? null : await findView(ctx, savedView)
  const conditions = conditionsTogether(ctx, saved, filters)
  const sort = filters.sort ?? sortOf(saved && filters.view === undefined ? saved.filters : filters)
  const asked = askedBy(ctx, 'queue', { saved, filters, sort })
  const rows = await listQueue(ctx.deps.sql, {
    conditions,
    sort,
    after: cursor === undefined ? null : toPlace(openCursor(ctx.deps.secrets, asked, cursor)),
    limit,
  })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map((row) => presentQueued(ctx, row)),
    nextCursor:
      rows.length > limit && last ? sealCursor(ctx.deps.secrets, asked, placeOf(last.ticket, sort)) : null,
  }
}

/** A saved view and what narrows it. */
export function conditionsTogether(ctx: StaffCtx, saved: SavedView | null, filters: Filters) {
  const asking = { userId: ctx.actor.userId, now: ctx.deps.clock.now() }
  return [...(saved ? conditionsOf(saved.filters, asking) : []), ...conditionsOf(filters, asking)]
}

/** All that makes a question: cursors are good for the same one of the same person only. */
export const askedBy = (ctx: StaffCtx, kind: string, question: object): string =>
  JSON.stringify([kind, ctx.actor.userId, question])

/** Sealed, so that it is what was given out. */
const toPlace = ([key, number]: (string | number)[]): QueuePlace => [String(key), Number(number)]

const PREVIEW_LENGTH = 160

/** One line of a message: without line breaks and the commonest marks of Markdown. */
export function previewOf(text: string): string {
  const line = text
    .replace(/[*_`#>]+/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length <= PREVIEW_LENGTH ? line : `${line.slice(0, PREVIEW_LENGTH - 1).trimEnd()}…`
}

/** Of their own, agents see what the customer sees, and where it stands in the queue. */
export function presentQueued(ctx: StaffCtx, { preview, ...row }: QueueRow) {
  const listed = presentListed(row)
  const isOwn = row.ticket.requesterId === ctx.actor.userId
  return {
    ...listed,
    desk: isOwn ? { ...listed.desk, holdReason: null, tags: [], skills: [] } : listed.desk,
    preview: preview && {
      author: preview.authorType,
      text: previewOf(preview.text),
      createdAt: preview.createdAt,
    },
  }
}
