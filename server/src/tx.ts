import type { Ctx } from './context.ts'

const TRANSACTION = Symbol('transaction')
type MaybeInTx = { [TRANSACTION]?: true }

/** Postgres gave up on one of two transactions that waited for each other, or could not serialize: running it again is right. */
const RETRYABLE = new Set(['40001', '40P01'])
const ATTEMPTS = 4

/** The SQLSTATE of a database error, however deeply drivers wrapped it. */
export function sqlState(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^[0-9A-Z]{5}$/.test(cause.code))
      return cause.code
  }
  return undefined
}

/** The constraint that a database error names, for unique and check violations. */
export function violatedConstraint(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('constraint_name' in cause && typeof cause.constraint_name === 'string') return cause.constraint_name
  }
  return undefined
}

/** The transaction has committed: an effect that fails must not make it look as if it had not. */
function runEffects(ctx: Ctx, effects: (() => void)[]): void {
  for (const effect of effects) {
    try {
      effect()
    } catch (error) {
      ctx.log.error({ err: error }, 'effect after a commit failed')
    }
  }
}

/**
 * Runs `work` in one transaction; everything it does through `ctx.db` commits together or not at all.
 * Inside a transaction it joins that one. Effects given to `ctx.afterCommit` run once it has committed.
 * Never call the network inside: write an outbox row or enqueue a job instead.
 */
export async function inTx<C extends Ctx, T>(ctx: C, work: (ctx: C) => Promise<T>): Promise<T> {
  if ((ctx as MaybeInTx)[TRANSACTION]) return work(ctx)
  for (let attempt = 1; ; attempt++) {
    const effects: (() => void)[] = []
    try {
      const result = await ctx.db.transaction((tx) =>
        work({
          ...ctx,
          db: tx,
          afterCommit: (effect: () => void) => effects.push(effect),
          [TRANSACTION]: true,
        }),
      )
      runEffects(ctx, effects)
      return result
    } catch (error) {
      const state = sqlState(error)
      if (state === undefined || !RETRYABLE.has(state) || attempt >= ATTEMPTS) throw error
      ctx.log.warn({ state, attempt }, 'transaction retried')
    }
  }
}
