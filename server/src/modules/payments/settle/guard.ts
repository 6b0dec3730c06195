import { setTimeout as sleep } from 'node:timers/promises'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { lockCheckout } from '../queries/checkouts.ts'
import { MIRRORS, type Mirror, versionOf } from '../queries/versions.ts'

/** What was read from Stripe may be older than what another worker wrote meanwhile. */
export class StaleSnapshot extends Error {
  constructor(what: string) {
    super(`${what} was settled by somebody else meanwhile`)
    this.name = 'StaleSnapshot'
  }
}

const ATTEMPTS = 12
const PAUSE_MS = 15

/** Remembers how our rows stood before Stripe was asked about the same things. */
export interface Guard {
  /** Call it before fetching the object. */
  watch(mirror: Mirror, stripeId: string): Promise<void>
  /** Locks a checkout, if it exists, before everything else, so that workers do not wait for each other in a circle. */
  lockFirst(checkoutId: string | null | undefined): void
}

/**
 * Brings our rows in line with Stripe: `fetch` reads Stripe's present state outside of any transaction, what it answers
 * is applied inside one. Two workers may do this at once, and the slower one may hold the older answer: so every row
 * that mirrors a fetched object is watched from before the fetch, locked, and compared. If somebody wrote it in
 * between, nothing is applied and Stripe is asked again. That makes the last write always the latest state, whatever
 * the order of events and without trusting timestamps, which are whole seconds.
 */
export async function settle<T>(
  ctx: Ctx,
  fetch: (guard: Guard) => Promise<(ctx: Ctx) => Promise<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const watched: { mirror: Mirror; stripeId: string; version: string | null }[] = []
    let first: string | null = null
    const apply = await fetch({
      async watch(mirror, stripeId) {
        watched.push({
          mirror,
          stripeId,
          version: await versionOf(ctx.db, mirror, stripeId, { lock: false }),
        })
      },
      lockFirst(checkoutId) {
        first = checkoutId ?? null
      },
    })
    // Everybody locks in the same order.
    watched.sort((a, b) => MIRRORS.indexOf(a.mirror) - MIRRORS.indexOf(b.mirror))
    try {
      return await inTx(ctx, async (ctx) => {
        if (first) await lockCheckout(ctx.db, first)
        for (const { mirror, stripeId, version } of watched) {
          const present = await versionOf(ctx.db, mirror, stripeId, { lock: true })
          if (present !== version) throw new StaleSnapshot(`${mirror} ${stripeId}`)
        }
        return apply(ctx)
      })
    } catch (error) {
      if (!(error instanceof StaleSnapshot) || attempt >= ATTEMPTS) throw error
      await sleep(Math.random() * PAUSE_MS * attempt)
    }
  }
}
