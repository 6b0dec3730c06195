import type { Ctx } from '../../../../context.ts'

/** One thing of a sweep: that it cannot be done now must not keep the others. @returns whether it went well */
export async function attempt(ctx: Ctx, what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    ctx.log.warn({ err: error, what }, 'not swept; tried again in an hour')
    return false
  }
}
