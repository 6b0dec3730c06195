import { type Db, releases } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Every registered version with the day it came out. */
export async function listReleases(db: Db) {
  return db
    .select({ product: releases.product, version: releases.version, releasedAt: releases.releasedAt })
    .from(releases)
}

/** Registers a release, or corrects its date. */
export async function upsertRelease(
  db: Db,
  release: { product: string; version: string; releasedAt: Date },
): Promise<void> {
  await db
    .insert(releases)
    .values(release)
    .onConflictDoUpdate({
      target: [releases.product, releases.version],
      set: { releasedAt: sql`excluded.released_at` },
    })
}
