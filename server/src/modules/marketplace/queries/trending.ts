import { type Db, extensions } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Installs that are added on both sides, so that a handful is no trend. */
const PRIOR_INSTALLS = 10
/** One-sided 95 %: the growth that chance alone would rarely bring. */
const Z = 1.64

export interface TrendingScore {
  id: string
  trending: number
}

/**
 * The extensions whose trending score has changed. The score is the lower bound of the logarithm of growth: unique installs of
 * `[recentFrom, to)` against a week of `[from, recentFrom)` (28 days). A jump from 0 to 3 scores nothing, from 0 to 100 more than
 * from 100,000 to 110,000; whatever does not surely grow has 0.
 */
export async function changedTrending(
  db: Db,
  days: { from: string; recentFrom: string; to: string },
): Promise<TrendingScore[]> {
  const rows = await db.execute<{ id: string; trending: number }>(sql`
    with installs as (
      select d.extension_id,
        coalesce(sum(d.unique_installs) filter (where d.day >= ${days.recentFrom}::date), 0)::float8 + ${PRIOR_INSTALLS} as recent,
        coalesce(sum(d.unique_installs) filter (where d.day < ${days.recentFrom}::date), 0)::float8 / 4 + ${PRIOR_INSTALLS} as usual
      from extension_daily d
      where d.day >= ${days.from}::date and d.day < ${days.to}::date
      group by d.extension_id
    ),
    scores as (
      select extension_id,
        greatest(0, ln(recent / usual) - ${Z} * sqrt(1 / recent + 1 / (4 * usual)))::numeric(6, 3)::real as score
      from installs
    )
    select e.id, coalesce(s.score, 0)::real as trending
    from extensions e left join scores s on s.extension_id = e.id
    where e.trending <> coalesce(s.score, 0)`)
  return [...rows]
}

/** Writes scores; the rows are locked in the order of their ids. */
export async function writeTrending(db: Db, scores: TrendingScore[]): Promise<void> {
  await db.execute(sql`
    with held as (
      select e.id, s.trending
      from jsonb_to_recordset(${JSON.stringify(scores)}::jsonb) as s(id text, trending real)
      join extensions e on e.id = s.id
      order by e.id
      for no key update of e
    )
    update ${extensions} e set trending = held.trending from held where e.id = held.id`)
}
