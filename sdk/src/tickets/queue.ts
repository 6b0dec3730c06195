import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** How agents find tickets. */
export interface QueueApi {
  /**
   * Agents: tickets by view (`mine`, `unassigned`, `waiting`, `due` within four hours, `breached`, `on_hold`, `solved_recently`, `all`), saved
   * view and filters. Sorted as the view is, or as `sort` says.
   * @throws NOT_FOUND (the saved view), INVALID_INPUT (`cursor` of another question)
   * @example
   * const { items } = await forge.tickets.queue({ view: 'unassigned', priority: ['high', 'urgent'] })
   */
  queue(input?: Input<'tickets.queue'>, options?: CallOptions): Promise<Output<'tickets.queue'>>

  /**
   * Agents: tickets by words of their subjects, messages and notes (the last one by its beginning; "phrases", -without), `#1042`, an id, or the
   * name or mail of who asked; what fits best and is newest first. Takes the filters of {@link queue}.
   * @throws NOT_FOUND (the saved view), INVALID_INPUT (`cursor` of another question)
   */
  search(input: Input<'tickets.search'>, options?: CallOptions): Promise<Output<'tickets.search'>>

  /** Agents: how many tickets each view has, built-in and saved; exact up to 1,000. */
  viewCounts(
    input?: Input<'tickets.viewCounts'>,
    options?: CallOptions,
  ): Promise<Output<'tickets.viewCounts'>>

  /** Agents: saved views, one's own and everybody's. */
  views(input?: Input<'tickets.views'>, options?: CallOptions): Promise<Output<'tickets.views'>>

  /** Agents: saves filters under a name; admins also for everybody (`shared`). @throws FORBIDDEN, DESK_NAME_TAKEN, DESK_LIMIT */
  createView(input: Input<'tickets.createView'>, options?: CallOptions): Promise<Output<'tickets.createView'>>

  /** Agents. @throws NOT_FOUND, FORBIDDEN (everybody’s), DESK_NAME_TAKEN */
  updateView(input: Input<'tickets.updateView'>, options?: CallOptions): Promise<Output<'tickets.updateView'>>

  /** Agents. @throws NOT_FOUND, FORBIDDEN (everybody’s) */
  deleteView(input: Input<'tickets.deleteView'>, options?: CallOptions): Promise<Output<'tickets.deleteView'>>
}

export const queueApi = (call: Caller): QueueApi =>
  methodsOf<QueueApi>(call, {
    queue: 'query',
    search: 'query',
    viewCounts: 'query',
    views: 'query',
    createView: 'mutation',
    updateView: 'mutation',
    deleteView: 'mutation',
  })
