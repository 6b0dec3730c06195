import type { Ctx } from '../../../context.ts'
import type { Deps } from '../../../deps.ts'
import { listDeprecated, listMalicious } from '../queries/moderation.ts'

/** Copies of the server learn of a takedown within this time; the one that did it knows at once. */
const CACHE_MS = 30_000

type KillList = Awaited<ReturnType<typeof load>>

const caches = new WeakMap<Deps, { loadedAt: number; list: Promise<KillList> }>()

async function load(deps: Deps) {
  const malicious = await listMalicious(deps.db)
  const deprecated = await listDeprecated(deps.db)
  return {
    malicious: malicious.map(({ id, reason, at }) => ({
      id,
      reason: reason ?? '',
      at: at ?? deps.clock.now(),
    })),
    deprecated,
  }
}

/**
 * Extensions that editors must remove, and those that are deprecated with what to use instead: `publisher.name` in lower case, in
 * order. Read from memory; fresh within half a minute.
 */
export async function killList({ deps }: Pick<Ctx, 'deps'>): Promise<KillList> {
  const now = performance.now()
  let cache = caches.get(deps)
  if (!cache || now - cache.loadedAt > CACHE_MS) {
    cache = { loadedAt: now, list: load(deps) }
    caches.set(deps, cache)
    cache.list.catch(() => caches.delete(deps))
  }
  return cache.list
}

/** The next reader asks the database. Call it once what changed is committed. */
export function forgetKillList(deps: Deps): void {
  caches.delete(deps)
}

/** The same as VS Code's control file wants it. */
export async function controlList(ctx: Pick<Ctx, 'deps'>) {
  const { malicious, deprecated } = await killList(ctx)
  return {
    malicious: malicious.map(({ id }) => id),
    deprecated: Object.fromEntries(
      deprecated.map(({ id, message, replacedBy }) => [id, { message, replacedBy }]),
    ),
  }
}
