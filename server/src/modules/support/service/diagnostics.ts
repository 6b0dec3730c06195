import { addMs, DAY } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { redactDeep } from '../../../redact.ts'
import { inTx } from '../../../tx.ts'
import {
  deleteDiagnostics,
  expiredDiagnostics,
  findDiagnostics,
  insertDiagnostics,
} from '../queries/diagnostics.ts'
import { lockTicket } from '../queries/tickets.ts'
import { diagnosticsSchema } from '../schemas/diagnostics.ts'
import { eachTicket, throwFailed } from './each.ts'
import { saveTicket } from './save.ts'

/** How long they are kept. */
const KEPT_DAYS = 90
const BATCH = 200

/** Everything but lines and tabs, which Postgres or a terminal would choke on. */
const CONTROL = /[^\P{Cc}\n\r\t]/gu

/** The same without control characters, in every text and in the names of members. */
function printable(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(CONTROL, '')
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(printable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : [[name.replace(CONTROL, ''), printable(member)]],
    ),
  )
}

/** Keeps what an editor told of itself, redacted once more: the client may be old, or not ours. */
export async function keepDiagnostics(ctx: Ctx, ticketId: string, given: object): Promise<void> {
  const now = ctx.deps.clock.now()
  await insertDiagnostics(ctx.db, {
    ticketId,
    // Escape codes first: they could stand in the middle of a secret.
    data: redactDeep(printable(given)) as Record<string, unknown>,
    createdAt: now,
    expiresAt: addMs(now, KEPT_DAYS * DAY),
  })
}

/** What is still kept of it. */
export async function diagnosticsOf(ctx: Ctx, ticketId: string) {
  const row = await findDiagnostics(ctx.db, ticketId, ctx.deps.clock.now())
  return row ? diagnosticsSchema.parse({ ...row.data, expiresAt: row.expiresAt }) : null
}

/** Deletes those whose time is over; each ticket's history tells it. */
export async function expireDiagnostics(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const failed: { error: unknown }[] = []
  for (let after = ''; ; ) {
    const ids = await expiredDiagnostics(ctx.db, { now, after, limit: BATCH })
    failed.push(...(await eachTicket(ctx, ids, (id) => expire(ctx, id))))
    const last = ids.at(-1)
    if (last === undefined || ids.length < BATCH) break
    after = last
  }
  throwFailed(failed)
}

const expire = (ctx: Ctx, id: string): Promise<void> =>
  inTx(ctx, async (ctx) => {
    const ticket = await lockTicket(ctx.db, { id })
    if (!ticket || !(await deleteDiagnostics(ctx.db, id))) return
    await saveTicket(ctx, ticket, {}, [{ type: 'diagnostics.deleted', isPublic: true }])
  })
