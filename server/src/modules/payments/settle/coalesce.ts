import type { Ctx } from '../../../context.ts'
import type { Deps } from '../../../deps.ts'

interface Lane {
  running: Promise<unknown>
  /** Begins when the running one has ended; whoever comes meanwhile joins it. */
  next: Promise<unknown> | null
}

const lanes = new WeakMap<Deps, Map<string, Lane>>()

/**
 * Lets at most one settling of an object run in this process, and at most one wait. Stripe sends five events about one
 * purchase at once; each of them needs only that somebody looks *after* it came, so those that wait share one look.
 */
export function coalesce<T>(ctx: Ctx, key: string, work: () => Promise<T>): Promise<T> {
  const ours = lanes.get(ctx.deps) ?? new Map<string, Lane>()
  lanes.set(ctx.deps, ours)
  const lane = ours.get(key)
  if (!lane) {
    const running = work()
    const fresh: Lane = { running, next: null }
    ours.set(key, fresh)
    const leave = () => {
      if (fresh.next === null) ours.delete(key)
    }
    running.then(leave, leave)
    return running
  }
  // The same key names the same kind of work, so the results are of one type.
  if (lane.next) return lane.next as Promise<T>
  const start = () => {
    ours.delete(key)
    return coalesce(ctx, key, work)
  }
  const next = lane.running.then(start, start)
  lane.next = next
  return next
}
