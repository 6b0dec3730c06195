import type { Ctx } from '../../../context.ts'
import type { Budget } from '../../../jobs/budget.ts'

/**
 * Works on tickets one after the other, each in a transaction of its own: one that cannot be worked on keeps no other from it.
 * @returns the ids of those, and why; the log has both
 */
export async function eachTicket(
  ctx: Ctx,
  ids: readonly string[],
  work: (id: string) => Promise<void>,
): Promise<{ id: string; error: unknown }[]> {
  const failed: { id: string; error: unknown }[] = []
  for (const id of ids) {
    try {
      await work(id)
    } catch (error) {
      failed.push({ id, error })
      ctx.log.error({ err: error, ticketId: id }, 'a job could not work on a ticket')
    }
  }
  return failed
}

interface Found {
  id: string
}

interface Due<T extends Found> {
  /** The last one that an earlier run looked at. */
  after: T | undefined
  /** Some of those that are due, after one, in the order in which they are worked on; nothing when there are no more. */
  list(after: T | undefined): Promise<T[]>
  work(id: string): Promise<void>
  isOver: Budget
}

/**
 * Works on all tickets that are due, as `eachTicket` does, until the time of the run is over: then the next run goes on after the last one,
 * so that those that cannot be worked on keep no other from it there, either.
 * @returns `left`: after which ticket there may be more; undefined once there are none
 */
export async function eachDue<T extends Found>(
  ctx: Ctx,
  { after, list, work, isOver }: Due<T>,
): Promise<{ failed: { id: string; error: unknown }[]; left: T | undefined }> {
  const failed: { id: string; error: unknown }[] = []
  for (let last = after; ; ) {
    const due = await list(last)
    if (due.length === 0) return { failed, left: undefined }
    for (const ticket of due) {
      failed.push(...(await eachTicket(ctx, [ticket.id], work)))
      last = ticket
      if (isOver()) return { failed, left: last }
    }
  }
}

/** Tells the queue of jobs that something is left to do, once all the rest is done. */
export function throwFailed(failed: readonly { error: unknown }[]): void {
  if (failed.length === 0) return
  throw new AggregateError(
    failed.map(({ error }) => error),
    `${failed.length} tickets could not be worked on`,
  )
}
