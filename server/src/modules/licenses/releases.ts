import type { Db } from '@devforge/db'
import type { Deps } from '../../deps.ts'
import { listReleases, upsertRelease } from './queries/releases.ts'

/** Copies of the server learn of a new release within this time. */
const CACHE_MS = 60_000

const caches = new WeakMap<Deps, { loadedAt: number; dates: Promise<Map<string, Date>> }>()
const cacheKey = (product: string, version: string): string => `${product} ${version}`

async function load(db: Db): Promise<Map<string, Date>> {
  const rows = await listReleases(db)
  return new Map(rows.map((row) => [cacheKey(row.product, row.version), row.releasedAt]))
}

/** When a version came out. A version nobody has registered counts as new as can be: released now. */
export async function releaseDate(deps: Deps, product: string, version: string): Promise<Date> {
  const now = performance.now()
  let cache = caches.get(deps)
  if (!cache || now - cache.loadedAt > CACHE_MS) {
    cache = { loadedAt: now, dates: load(deps.db) }
    caches.set(deps, cache)
    cache.dates.catch(() => caches.delete(deps))
  }
  return (await cache.dates).get(cacheKey(product, version)) ?? deps.clock.now()
}

/** Registers a release, or corrects its date. */
export async function recordRelease(
  deps: Deps,
  db: Db,
  release: { product: string; version: string; releasedAt: Date },
): Promise<void> {
  await upsertRelease(db, release)
  caches.delete(deps)
}
