import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { findMessage } from '../queries/messages.ts'
import { type Action, changeOf } from './actions.ts'
import { deskOf } from './decide.ts'
import { usableMacro } from './macros/macros.ts'
import { presentMessage } from './present.ts'
import { holdCase, saveTicket } from './save.ts'
import type { StaffCtx } from './work.ts'

interface One {
  id: string
  version?: number | undefined
}

/** Does one action to one ticket, in one transaction. What is so already changes nothing. @throws NOT_FOUND, TICKET_CONFLICT, and what `changeOf` throws */
async function act(ctx: StaffCtx, { id, version }: One, action: Action, key?: string) {
  return inTx(ctx, async (ctx) => {
    const ticket = await holdCase(ctx, { id })
    const change = await changeOf(ctx, ticket, action, key)
    // What was done already stays done, whatever became of the ticket since.
    if (change === null) return { ticket, message: undefined }
    if (version !== undefined && version !== ticket.version)
      throw new AppError('TICKET_CONFLICT', { id, version: ticket.version })
    return { ticket: await saveTicket(ctx, ticket, change.patch, change.events), message: change.message }
  })
}

/** Sets the tags of a ticket. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
export async function setTags(ctx: StaffCtx, { tags, ...one }: One & { tags: string[] }) {
  return inTx(ctx, async (ctx) => {
    const ticket = await holdCase(ctx, one)
    const remove = ticket.tags.filter((tag) => !tags.includes(tag))
    const done = await act(ctx, one, { type: 'tags', add: tags, remove })
    return deskOf(ctx, done.ticket)
  })
}

/** Moves a ticket to another queue. @throws NOT_FOUND (also a queue that is not used any more), TICKET_CONFLICT, TICKET_CLOSED */
export async function setQueue(ctx: StaffCtx, { queueId, ...one }: One & { queueId: string }) {
  return inTx(ctx, async (ctx) => {
    await holdCase(ctx, one)
    const done = await act(ctx, one, { type: 'queue', queueId })
    return deskOf(ctx, done.ticket)
  })
}

/**
 * Writes and does what a macro says, all or nothing.
 * @throws NOT_FOUND (ticket or macro), TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID, MACRO_VALUE_MISSING, IDEMPOTENCY_CONFLICT
 */
export async function applyMacro(
  ctx: StaffCtx,
  {
    macroId,
    idempotencyKey,
    ...one
  }: Required<One> & { macroId: string; idempotencyKey?: string | undefined },
) {
  refuseImpersonation(ctx.actor)
  const macro = await usableMacro(ctx, macroId)
  return inTx(ctx, async (ctx) => {
    const { ticket, message } = await act(ctx, one, { type: 'macro', macro }, idempotencyKey)
    const authored = message && (await findMessage(ctx.db, message.id))
    return { ticket: await deskOf(ctx, ticket), message: authored ? presentMessage(authored) : null }
  })
}

export type BulkAction = Exclude<Action, { type: 'macro' }> | { type: 'macro'; macroId: string }

/**
 * Does the same to many tickets, each in a transaction of its own: what fails for one is told for that one. Tried again, it does what is
 * left to do, and under the same key writes no message twice.
 * @throws NOT_FOUND (the macro)
 */
export async function bulk(
  ctx: StaffCtx,
  { ids, action, idempotencyKey }: { ids: string[]; action: BulkAction; idempotencyKey?: string | undefined },
) {
  refuseImpersonation(ctx.actor)
  const wanted: Action =
    action.type === 'macro' ? { type: 'macro', macro: await usableMacro(ctx, action.macroId) } : action
  const results: { id: string; ok: boolean; code: string | null; version: number | null }[] = []
  for (const id of new Set(ids)) {
    try {
      const key = idempotencyKey === undefined ? undefined : `${idempotencyKey}:${id}`
      const { ticket } = await act(ctx, { id }, wanted, key)
      results.push({ id, ok: true, code: null, version: ticket.version })
    } catch (error) {
      // What was done to others is done: that one fails for whatever reason must not hide it.
      if (!(error instanceof AppError)) ctx.log.error({ err: error, ticketId: id }, 'bulk action failed')
      const code = error instanceof AppError ? error.code : 'INTERNAL'
      results.push({ id, ok: false, code, version: null })
    }
  }
  return { results }
}
