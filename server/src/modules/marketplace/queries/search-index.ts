import { type Db, extensionSearch, extensions, publishers, searchWords } from '@devforge/db'
import { eq, inArray, type SQL, sql } from 'drizzle-orm'

/** What of an extension goes into the search. */
export async function findIndexable(db: Db, extensionId: string) {
  const [row] = await db
    .select({
      id: extensions.id,
      identifier: extensions.identifier,
      status: extensions.status,
      name: extensions.name,
      displayName: extensions.displayName,
      description: extensions.description,
      categories: extensions.categories,
      tags: extensions.tags,
      targetPlatforms: extensions.targetPlatforms,
      engineFloor: extensions.engineFloor,
      paid: extensions.paid,
      featuredAt: extensions.featuredAt,
      deprecatedAt: extensions.deprecatedAt,
      publishedAt: extensions.publishedAt,
      releasedAt: extensions.releasedAt,
      publisher: publishers.name,
      publisherDisplayName: publishers.displayName,
    })
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(eq(extensions.id, extensionId))
  return row
}

export async function deleteIndexed(db: Db, extensionId: string): Promise<void> {
  await db.delete(extensionSearch).where(eq(extensionSearch.extensionId, extensionId))
}

/** A line of the search without what `rankExtensions` fills in. */
export type IndexedText = Omit<
  typeof extensionSearch.$inferInsert,
  'no' | 'tier' | 'prior' | 'installs' | 'rating' | 'trending'
>

export async function upsertIndexed(db: Db, row: IndexedText): Promise<void> {
  await db
    .insert(extensionSearch)
    .values({ ...row, prior: 0, installs: 0, rating: 0, trending: 0 })
    .onConflictDoUpdate({ target: extensionSearch.extensionId, set: row })
}

/** Adds words that are new. In one order for all, so that two who publish at once wait for each other and no more. */
export async function insertWords(db: Db, words: string[]): Promise<void> {
  if (words.length === 0) return
  await db
    .insert(searchWords)
    .values(words.toSorted().map((word) => ({ word })))
    .onConflictDoNothing()
}

/** Stars that an extension nobody has rated is taken to have, and how many ratings that opinion is worth. */
const USUAL_STARS = 3.6
const USUAL_WEIGHT = 8

/** Bayesian average: with few ratings near what is usual, with many near what was given. */
export const BAYESIAN_RATING = sql.raw(
  `((e.rating_sum + ${USUAL_STARS * USUAL_WEIGHT}) / (e.rating_count + ${USUAL_WEIGHT}))`,
)

/**
 * What is known of an extension besides its text, 0.03 … 1.2: installs on a logarithmic scale that is full at ten million; stars; how
 * long ago the last version came (a quarter is lost over the years); a verified publisher; whether it is deprecated. In its first month
 * it is held back, which is when clones of well-known ones are found out.
 */
const priorAt = (now: Date): SQL => {
  const at = sql`${now.toISOString()}::timestamptz`
  return sql`(
    (0.1 + 0.9 * least(1.0, ln(1 + e.installs) / ln(1e7)))
    * (0.4 + 0.6 * (${BAYESIAN_RATING} - 1) / 4)
    * (0.75 + 0.25 * exp(-greatest(0, extract(epoch from ${at} - e.released_at)) / (540 * 86400.0)))
    * (0.6 + 0.4 * least(1.0, greatest(0, extract(epoch from ${at} - e.published_at)) / (30 * 86400.0)))
    * case when p.domain_verified_at is null then 1.0 else 1.15 end
    * case when e.deprecated_at is null then 1.0 else 0.2 end
  )`
}

/** The tier of a prior, by the limits that the last count set. */
const tierOf = (prior: SQL): SQL =>
  sql`coalesce((select min(t.tier) from search_tiers t where t.floor <= ${prior}), (select max(t.tier) + 1 from search_tiers t), 0)`

/** Brings installs, stars and all that ranks up to date. Rows that stay the same are not written. */
export async function rankExtensions(db: Db, extensionIds: string[], now: Date): Promise<void> {
  if (extensionIds.length === 0) return
  await db.execute(sql`
    update extension_search s
    set prior = r.prior, installs = r.installs, rating = r.rating, trending = r.trending, tier = ${tierOf(sql`r.prior`)}
    from (
      select e.id, e.installs, e.trending, ${BAYESIAN_RATING}::real as rating, ${priorAt(now)}::real as prior
      from extensions e join publishers p on p.id = e.publisher_id
      where ${inArray(sql`e.id`, extensionIds)}
    ) r
    where s.extension_id = r.id
      and (s.prior, s.installs, s.rating, s.trending) is distinct from (r.prior, r.installs, r.rating, r.trending)`)
}
