import type { Ctx } from '../../../../context.ts'
import { licenseMeant } from '../../../licenses/service/newest-license.ts'
import { listLinks } from '../../queries/links.ts'
import { findQueue, findWriter, type MacroRow } from '../../queries/macros.ts'
import { findTicket, type TicketRow } from '../../queries/tickets.ts'
import type { StaffCtx } from '../work.ts'
import { fillPlaceholders, type Placeholder, type PlaceholderValues } from './placeholders.ts'

export interface RenderedMacro {
  /** Null: it writes nothing. */
  body: string | null
  missing: Placeholder[]
}

/** What a macro writes into a ticket, as the agent who applies it. */
export async function renderMacro(
  ctx: StaffCtx,
  macro: Pick<MacroRow, 'body'>,
  ticket: TicketRow,
): Promise<RenderedMacro> {
  if (macro.body === null) return { body: null, missing: [] }
  const { text, missing } = fillPlaceholders(macro.body, await valuesFor(ctx, ticket))
  return { body: text.trim(), missing }
}

async function valuesFor(ctx: StaffCtx, ticket: TicketRow): Promise<PlaceholderValues> {
  const found = await findTicket(ctx.db, { id: ticket.id })
  const writer = await findWriter(ctx.db, ctx.actor.userId)
  const queue = await findQueue(ctx.db, ticket.queueId)
  const license = await licenseOf(ctx, ticket)
  const name = found?.requesterName ?? null
  return {
    'customer.name': name,
    'customer.first_name': name?.split(' ')[0] ?? null,
    'customer.email': found?.requesterEmail ?? null,
    'customer.plan': ticket.plan,
    'ticket.number': String(ticket.number),
    'ticket.subject': ticket.subject,
    'agent.name': writer?.name ?? null,
    'agent.signature': writer?.signature ?? null,
    'queue.name': queue?.name ?? null,
    'license.plan': license?.plan ?? null,
    'license.expires': license?.expiresAt?.toISOString().slice(0, 10) ?? null,
  }
}

async function licenseOf(ctx: Ctx, ticket: TicketRow) {
  const links = await listLinks(ctx.db, ticket.id, 'license')
  return licenseMeant(ctx, { userId: ticket.requesterId, named: links.map((one) => one.targetId) })
}
