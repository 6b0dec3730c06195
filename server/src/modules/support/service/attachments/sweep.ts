import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { expireLoose, forgetBytes, listDoomed } from '../../queries/attachments.ts'

/** How long an upload waits for its message. */
const LOOSE_MS = DAY
const BATCH = 100

/**
 * Deletes what no message took in a day, and the bytes of what was erased. Each is noted before its file goes and forgotten after that,
 * so that whoever goes on after a crash finds the rest.
 */
export async function sweepAttachments(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  await expireLoose(ctx.db, { before: addMs(now, -LOOSE_MS), now })
  for (let after = ''; ; ) {
    const doomed = await listDoomed(ctx.db, { after, now, limit: BATCH })
    for (const { id, storageKey } of doomed) {
      try {
        await ctx.deps.files.delete(storageKey)
        await forgetBytes(ctx.db, id)
      } catch (error) {
        // One that cannot be deleted now must not keep the others.
        ctx.log.warn({ err: error, id }, 'attachment not swept; tried again in an hour')
      }
    }
    const last = doomed.at(-1)
    if (last === undefined || doomed.length < BATCH) return
    after = last.id
  }
}
