import type { Ctx } from '../../../context.ts'

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

/** Tells the queue of jobs that something is left to do, once all the rest is done. */
export function throwFailed(failed: readonly { error: unknown }[]): void {
  if (failed.length === 0) return
  throw new AggregateError(
    failed.map(({ error }) => error),
    `${failed.length} tickets could not be worked on`,
  )
}
