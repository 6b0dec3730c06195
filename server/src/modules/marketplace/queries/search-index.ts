import { type Db, extensionSearch, extensions, publishers, SEARCH_TIERS, searchWords } from '@devforge/db'
import { eq, type SQL, sql } from 'drizzle-orm'

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
const BAYESIAN_RATING = sql.raw(
  `((e.rating_sum + ${USUAL_STARS * USUAL_WEIGHT}) / (e.rating_count + ${USUAL_WEIGHT}))`,
)

/**
 * What is known of an extension besides its text, 0.03 … 1.2: installs on a logarithmic scale that is full at a hundred million; stars; how
 * long ago the last version came (a quarter is lost over the years); a verified publisher; whether it is deprecated. In its first month
 * it is held back, which is when clones of well-known ones are found out.
 */
const priorAt = (now: Date): SQL => {
  const at = sql`${now.toISOString()}::timestamptz`
  return sql`(
    (0.1 + 0.9 * least(1.0, ln(1 + e.installs) / ln(1e8)))
    * (0.4 + 0.6 * (${BAYESIAN_RATING} - 1) / 4)
    * (0.75 + 0.25 * exp(-greatest(0, extract(epoch from ${at} - e.released_at)) / (540 * 86400.0)))
    * (0.6 + 0.4 * least(1.0, greatest(0, extract(epoch from ${at} - e.published_at)) / (30 * 86400.0)))
    * case when p.domain_verified_at is null then 1.0 else 1.15 end
    * case when e.deprecated_at is null then 1.0 else 0.2 end
  )`
}

/** The tier of a prior, by the limits that the last recount set. */
const tierOf = (prior: SQL): SQL =>
  sql`coalesce((select min(t.tier) from search_tiers t where t.floor <= ${prior}), 0)`

/** Differences that change no order worth speaking of are not written by the recount: each write costs all indexes of the row. */
const NEGLIGIBLE = 0.01

const rankWhere = (db: Db, condition: SQL, now: Date, changed: SQL): Promise<unknown> =>
  db.execute(sql`
    update extension_search s
    set prior = r.prior, installs = r.installs, rating = r.rating, trending = r.trending, tier = ${tierOf(sql`r.prior`)}
    from (
      select e.id, e.installs, e.trending, ${BAYESIAN_RATING}::real as rating, ${priorAt(now)}::real as prior
      from extensions e join publishers p on p.id = e.publisher_id
    ) r
    where r.id = s.extension_id and ${condition} and ${changed}`)

/** Brings installs, stars and all that ranks up to date, of some extensions. Rows that stay the same are not written. */
export async function rankExtensions(db: Db, extensionIds: string[], now: Date): Promise<void> {
  if (extensionIds.length === 0) return
  await rankWhere(
    db,
    // As one parameter: a roll-up tells of thousands. Ids are of our own making and need no quoting.
    sql`s.extension_id = any(${`{${extensionIds.join(',')}}`}::text[])`,
    now,
    sql`(s.prior, s.installs, s.rating, s.trending) is distinct from (r.prior, r.installs, r.rating, r.trending)`,
  )
}

/** The same for the lines with numbers above `after`, up to `limit` of them. @returns the last number, null at the end */
export async function rankBatch(
  db: Db,
  { after, limit, now }: { after: number; limit: number; now: Date },
): Promise<number | null> {
  const [last] = await db.execute<{ no: number | null }>(sql`
    select max(no)::float8 as no from (select no from extension_search where no > ${after} order by no limit ${limit}) batch`)
  if (last?.no == null) return null
  await rankWhere(
    db,
    sql`s.no > ${after} and s.no <= ${last.no}`,
    now,
    sql`(abs(s.prior - r.prior) > ${NEGLIGIBLE} * r.prior
      or (s.installs, s.rating, s.trending) is distinct from (r.installs, r.rating, r.trending))`,
  )
  return last.no
}

/** So many lines are in the first tier, four times as many in the first two, and so on; the last holds the rest. */
const FIRST_TIER = 500
const TIER_GROWTH = 4

/** Sets anew from which prior on a line belongs to a tier. */
export async function recountTiers(db: Db): Promise<void> {
  await db.execute(sql`delete from search_tiers`)
  for (let tier = 0; tier < SEARCH_TIERS - 1; tier++) {
    await db.execute(sql`
      insert into search_tiers (tier, floor)
      select ${tier}, prior from extension_search order by prior desc
      offset ${FIRST_TIER * TIER_GROWTH ** tier - 1} limit 1`)
  }
  // Whoever is below all floors.
  await db.execute(sql`
    insert into search_tiers (tier, floor) select coalesce(max(tier) + 1, 0), '-infinity' from search_tiers`)
}

/**
 * Moves lines into the tiers they belong to. Those near a floor stay where they are: a line that goes to and fro costs more than one
 * that is looked at too early or too late.
 */
export async function moveTiers(db: Db): Promise<void> {
  await db.execute(sql`
    update extension_search s set tier = wanted.tier
    from search_tiers own, search_tiers wanted
    where own.tier = s.tier and wanted.tier = ${tierOf(sql`s.prior`)} and wanted.tier <> s.tier
      and (s.prior < own.floor * 0.98 or s.prior > wanted.floor * 1.02)`)
  // Tiers that there are no more, in a catalog that shrank or that was counted for the first time.
  await db.execute(sql`
    update extension_search s set tier = ${tierOf(sql`s.prior`)}
    where s.tier > (select max(tier) from search_tiers)`)
}

/** Counts how many well-known extensions have a word in their names or tags: it chooses between words that are equally near. */
export async function recountWords(db: Db): Promise<void> {
  await db.execute(sql`
    with counted as (
      select substr(word, 3) as word, ndoc from ts_stat('select document from extension_search where tier <= 2') where word like 'n/%'
    )
    update search_words w set documents = counted.ndoc
    from counted where counted.word = w.word and counted.ndoc <> w.documents`)
}
