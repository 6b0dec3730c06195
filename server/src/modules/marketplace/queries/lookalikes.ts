import { type Db, extensions } from '@devforge/db'
import { and, desc, ne, or, sql } from 'drizzle-orm'

/** With fewer installs nobody would imitate it. The indexes of skeletons are made for this very number. */
const WELL_KNOWN_INSTALLS = 1_000
/** Of trigrams, in two words that differ in one or two letters; the distance itself decides afterwards. */
const LEAST_SIMILARITY = 0.2
const MAX_CANDIDATES = 50

/** Well-known extensions of others whose names are similar enough to be looked at. By trigram indexes over the well-known ones alone. */
export async function findLookAlikes(
  db: Db,
  { name, displayName, publisherId }: { name: string; displayName: string; publisherId: string },
) {
  return db.transaction(async (tx) => {
    await tx.execute(
      sql`select set_config('pg_trgm.similarity_threshold', ${String(LEAST_SIMILARITY)}, true)`,
    )
    return tx
      .select({
        identifier: extensions.identifier,
        displayName: extensions.displayName,
        nameSkeleton: extensions.nameSkeleton,
        displayNameSkeleton: extensions.displayNameSkeleton,
      })
      .from(extensions)
      .where(
        and(
          // Spelled as in the indexes, or they would not serve.
          sql`${extensions.status} = 'published' and ${extensions.installs} >= ${sql.raw(String(WELL_KNOWN_INSTALLS))}`,
          ne(extensions.publisherId, publisherId),
          or(
            sql`${extensions.nameSkeleton} % ${name}`,
            sql`${extensions.displayNameSkeleton} % ${displayName}`,
          ),
        ),
      )
      .orderBy(
        desc(
          sql`greatest(similarity(${extensions.nameSkeleton}, ${name}), similarity(${extensions.displayNameSkeleton}, ${displayName}))`,
        ),
      )
      .limit(MAX_CANDIDATES)
  })
}
