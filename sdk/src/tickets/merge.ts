import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { methodsOf } from './methods.ts'

/** Two tickets about one thing, and one ticket about two. */
export interface MergeApi {
  /**
   * Agents: merges a ticket into another one of the same customer. All that was said moves there, and whatever is still said to it, too.
   * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED (either), TICKET_MERGE_INVALID
   */
  merge(input: Input<'tickets.merge'>, options?: CallOptions): Promise<Output<'tickets.merge'>>

  /**
   * Agents: undoes a merge within 14 days. What came from the merged ticket goes back, what was written since stays.
   * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED (the one that it was merged into), TICKET_UNDO_IMPOSSIBLE
   */
  unmerge(input: Input<'tickets.unmerge'>, options?: CallOptions): Promise<Output<'tickets.unmerge'>>

  /** Agents: moves messages into a new ticket. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_SPLIT_INVALID */
  split(input: Input<'tickets.split'>, options?: CallOptions): Promise<Output<'tickets.split'>>

  /** Agents: undoes a split while nobody has said anything in the new ticket. @throws NOT_FOUND, TICKET_CLOSED, TICKET_UNDO_IMPOSSIBLE */
  unsplit(input: Input<'tickets.unsplit'>, options?: CallOptions): Promise<Output<'tickets.unsplit'>>
}

export const mergeApi = (call: Caller): MergeApi =>
  methodsOf<MergeApi>(call, {
    merge: 'mutation',
    unmerge: 'mutation',
    split: 'mutation',
    unsplit: 'mutation',
  })
