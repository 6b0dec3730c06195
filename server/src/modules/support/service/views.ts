import { AppError, notFound } from '../../../errors.ts'
import { inTx, violatedConstraint } from '../../../tx.ts'
import { lockShelf } from '../queries/shelf.ts'
import {
  countViewsOf,
  deleteViewRow,
  findViewRow,
  insertView,
  listViews,
  updateViewRow,
  type ViewRow,
} from '../queries/views.ts'
import { filtersSchema } from '../schemas/queue.ts'
import type { Filters } from './queue/conditions.ts'
import type { StaffCtx } from './work.ts'

/** More than anybody looks through. */
export const MAX_VIEWS = 50

export interface SavedView {
  id: string
  name: string
  shared: boolean
  filters: Filters
  position: number
  createdAt: Date
  updatedAt: Date
}

const DATES = ['createdFrom', 'createdTo', 'updatedFrom', 'updatedTo'] as const

/** JSON keeps times as texts. */
function fromStored(stored: Record<string, unknown>): Filters {
  const dates = DATES.flatMap((member) => {
    const value = stored[member]
    return typeof value === 'string' ? [[member, new Date(value)] as const] : []
  })
  return filtersSchema.parse({ ...stored, ...Object.fromEntries(dates) })
}

const toStored = (filters: Filters): Record<string, unknown> => JSON.parse(JSON.stringify(filters))

const present = ({ id, name, ownerId, filters, position, createdAt, updatedAt }: ViewRow): SavedView => ({
  id,
  name,
  shared: ownerId === null,
  filters: fromStored(filters),
  position,
  createdAt,
  updatedAt,
})

/** One's own views and everybody's. */
export async function visibleViews(ctx: StaffCtx): Promise<SavedView[]> {
  const rows = await listViews(ctx.db, { userId: ctx.actor.userId, limit: 2 * MAX_VIEWS })
  return rows.map(present)
}

/** @throws NOT_FOUND */
export async function findView(ctx: StaffCtx, id: string): Promise<SavedView> {
  const row = await findViewRow(ctx.db, { id, userId: ctx.actor.userId })
  if (!row) throw notFound('view', id)
  return present(row)
}

/** Only admins make and change what everybody has. @throws FORBIDDEN */
export function requireShelf(ctx: StaffCtx, { shared }: { shared: boolean }): void {
  if (shared && ctx.actor.type !== 'admin') throw new AppError('FORBIDDEN', { need: 'admin' })
}

/** @throws DESK_NAME_TAKEN when the name is used already */
export async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (/^ticket_(?:views|macros)_name_key$/.test(violatedConstraint(error) ?? ''))
      throw new AppError('DESK_NAME_TAKEN', { name })
    throw error
  }
}

/** @throws FORBIDDEN, DESK_NAME_TAKEN, DESK_LIMIT */
export async function createView(
  ctx: StaffCtx,
  { name, filters, shared, position }: { name: string; filters: Filters; shared: boolean; position: number },
): Promise<SavedView> {
  requireShelf(ctx, { shared })
  const ownerId = shared ? null : ctx.actor.userId
  return named(name, () =>
    inTx(ctx, async (ctx) => {
      await lockShelf(ctx.db, ownerId)
      if ((await countViewsOf(ctx.db, ownerId)) >= MAX_VIEWS)
        throw new AppError('DESK_LIMIT', { limit: MAX_VIEWS })
      const now = ctx.deps.clock.now()
      const values = { name, filters: toStored(filters), ownerId, position, createdAt: now, updatedAt: now }
      return present(await insertView(ctx.db, values))
    }),
  )
}

/** @throws NOT_FOUND, FORBIDDEN, DESK_NAME_TAKEN */
export async function updateView(
  ctx: StaffCtx,
  {
    id,
    filters,
    name,
    position,
  }: {
    id: string
    name?: string | undefined
    filters?: Filters | undefined
    position?: number | undefined
  },
): Promise<SavedView> {
  return named(name ?? '', () =>
    inTx(ctx, async (ctx) => {
      await holdView(ctx, id)
      const changed = {
        ...(name === undefined ? {} : { name }),
        ...(filters === undefined ? {} : { filters: toStored(filters) }),
        ...(position === undefined ? {} : { position }),
        updatedAt: ctx.deps.clock.now(),
      }
      return present(await updateViewRow(ctx.db, id, changed))
    }),
  )
}

/** @throws NOT_FOUND, FORBIDDEN */
export async function deleteView(ctx: StaffCtx, { id }: { id: string }): Promise<{ deleted: boolean }> {
  return inTx(ctx, async (ctx) => {
    await holdView(ctx, id)
    await deleteViewRow(ctx.db, id)
    return { deleted: true }
  })
}

async function holdView(ctx: StaffCtx, id: string): Promise<void> {
  const view = await findViewRow(ctx.db, { id, userId: ctx.actor.userId, lock: true })
  if (!view) throw notFound('view', id)
  requireShelf(ctx, { shared: view.ownerId === null })
}
