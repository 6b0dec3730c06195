import { writeAudit } from '../../../../audit.ts'
import { AppError, notFound } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import {
  countMacrosOf,
  deleteMacroRow,
  findMacro,
  findQueue,
  insertMacro,
  listMacros,
  type MacroRow,
  updateMacro,
} from '../../queries/macros.ts'
import { lockShelf } from '../../queries/shelf.ts'
import { findTicket } from '../../queries/tickets.ts'
import { messageHtml } from '../present.ts'
import { refuseOwn } from '../save.ts'
import { named, requireShelf } from '../views.ts'
import type { StaffCtx } from '../work.ts'
import { PLACEHOLDERS, unknownPlaceholders } from './placeholders.ts'
import { renderMacro } from './render.ts'

const MAX_MACROS = 200

const present = ({ ownerId, ...macro }: MacroRow) => ({ ...macro, shared: ownerId === null })

/** One's own macros and everybody's, by name. */
export async function visibleMacros(ctx: StaffCtx) {
  const rows = await listMacros(ctx.db, { userId: ctx.actor.userId, limit: 2 * MAX_MACROS })
  return { items: rows.map(present), placeholders: [...PLACEHOLDERS] }
}

export interface MacroInput extends Pick<MacroRow, 'name' | 'body' | 'asNote' | 'actions' | 'active'> {
  id?: string | undefined
  shared: boolean
}

/** Makes a macro, or changes one. @throws NOT_FOUND (it, or its queue), FORBIDDEN, DESK_NAME_TAKEN, DESK_LIMIT, MACRO_PLACEHOLDER_UNKNOWN */
export async function saveMacro(ctx: StaffCtx, { id, shared, ...macro }: MacroInput) {
  const placeholders = unknownPlaceholders(macro.body ?? '')
  if (placeholders.length > 0)
    throw new AppError('MACRO_PLACEHOLDER_UNKNOWN', { placeholders, known: [...PLACEHOLDERS] })
  const { queueId } = macro.actions
  if (queueId !== undefined && !(await findQueue(ctx.db, queueId))) throw notFound('queue', queueId)
  return named(macro.name, () =>
    inTx(ctx, async (ctx) => {
      const now = ctx.deps.clock.now()
      if (id !== undefined) {
        await holdMacro(ctx, id)
        return saved(ctx, await updateMacro(ctx.db, id, { ...macro, updatedAt: now }))
      }
      requireShelf(ctx, { shared })
      const ownerId = shared ? null : ctx.actor.userId
      await lockShelf(ctx.db, ownerId)
      if ((await countMacrosOf(ctx.db, ownerId)) >= MAX_MACROS)
        throw new AppError('DESK_LIMIT', { limit: MAX_MACROS })
      return saved(ctx, await insertMacro(ctx.db, { ...macro, ownerId, createdAt: now, updatedAt: now }))
    }),
  )
}

/** What macros do is done to many tickets: who made them so is written down. Their words are not, which may be changed to forget somebody. */
async function saved(ctx: StaffCtx, macro: MacroRow) {
  const { id, ownerId, asNote, actions, active } = macro
  const after = { shared: ownerId === null, asNote, actions, active }
  await writeAudit(ctx, { action: 'macro.saved', subject: id, after })
  return present(macro)
}

/** @throws NOT_FOUND, FORBIDDEN */
export async function deleteMacro(ctx: StaffCtx, { id }: { id: string }): Promise<{ deleted: boolean }> {
  return inTx(ctx, async (ctx) => {
    await holdMacro(ctx, id)
    await deleteMacroRow(ctx.db, id)
    await writeAudit(ctx, { action: 'macro.deleted', subject: id })
    return { deleted: true }
  })
}

async function holdMacro(ctx: StaffCtx, id: string): Promise<void> {
  const macro = await findMacro(ctx.db, { id, userId: ctx.actor.userId, lock: true })
  if (!macro) throw notFound('macro', id)
  requireShelf(ctx, { shared: macro.ownerId === null })
}

/** A macro that may be applied. @throws NOT_FOUND */
export async function usableMacro(ctx: StaffCtx, id: string): Promise<MacroRow> {
  const macro = await findMacro(ctx.db, { id, userId: ctx.actor.userId })
  if (!macro?.active) throw notFound('macro', id)
  return macro
}

/** What a macro would write and do. @throws NOT_FOUND */
export async function previewMacro(ctx: StaffCtx, { id, macroId }: { id: string; macroId: string }) {
  const macro = await usableMacro(ctx, macroId)
  const found = await findTicket(ctx.db, { id })
  if (!found) throw notFound('ticket', id)
  refuseOwn(ctx, found.ticket)
  const { body, missing } = await renderMacro(ctx, macro, found.ticket)
  return {
    body,
    html: body === null ? null : messageHtml(body),
    asNote: macro.asNote,
    actions: macro.actions,
    missing,
  }
}
