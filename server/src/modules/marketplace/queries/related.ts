import { type Db, extensionRelated, extensions } from '@devforge/db'
import { and, asc, eq, sql } from 'drizzle-orm'

/** What is looked at for one chunk is bounded: clients of each extension, extensions of each client, rows of the background. */
const SAMPLE_CLIENTS = 300
const SAMPLE_EXTENSIONS = 100
const SAMPLE_BACKGROUND = 50_000
/** Fewer clients that have both are chance. */
const MIN_TOGETHER = 3
/** Clients that are added to the sample of an extension, so that three of three is no certainty. */
const PRIOR_CLIENTS = 5
/** How much more often than anybody a client must have it. What everybody has says nothing of this extension. */
const MIN_LIFT = 1.3
const KEPT = 10

/**
 * Finds anew what else the clients of the next extensions (by id) have, best first: `P(other | this) / sqrt(P(other))`, so that the
 * popular do not drown all, among those that are had more often than by clients at large. Digests of clients are as good as
 * random numbers, so the first by digest are a fair sample.
 * @returns the last id of the chunk; null when nothing follows
 */
export async function relateChunk(
  db: Db,
  { after, limit }: { after: string; limit: number },
): Promise<string | null> {
  const chunk = await db.execute<{ id: string }>(sql`
    select e.id from extensions e where e.id > ${after} order by e.id limit ${limit}`)
  const last = chunk.length < limit ? null : (chunk.at(-1)?.id ?? null)
  const upTo = last === null ? sql`true` : sql`r.extension_id <= ${last}`
  await db.execute(sql`delete from extension_related r where r.extension_id > ${after} and ${upTo}`)
  await db.execute(sql`
    with sample as materialized (
      select extension_id, client from extension_clients where version is not null order by client limit ${SAMPLE_BACKGROUND}
    ),
    background as (
      select extension_id, (count(*) + 1.0) / (select count(distinct client) + 1.0 from sample) as share
      from sample group by extension_id
    ),
    targets as (
      select e.id from extensions e where e.id > ${after} and e.status = 'published' ${last === null ? sql`` : sql`and e.id <= ${last}`}
    ),
    members as materialized (
      select t.id, c.client from targets t cross join lateral (
        select k.client from extension_clients k
        where k.extension_id = t.id and k.version is not null order by k.client limit ${SAMPLE_CLIENTS}
      ) c
    ),
    sizes as (select id, count(*) as clients from members group by id),
    pairs as (
      select m.id, o.extension_id as other, count(*) as together
      from members m cross join lateral (
        select o.extension_id from extension_clients o
        where o.client = m.client and o.version is not null limit ${SAMPLE_EXTENSIONS}
      ) o
      where o.extension_id <> m.id
      group by m.id, o.extension_id having count(*) >= ${MIN_TOGETHER}
    ),
    scored as (
      select p.id, p.other, p.together::float8 / (s.clients + ${PRIOR_CLIENTS}) as share,
        coalesce(b.share, 1.0 / (select count(distinct client) + 1.0 from sample))::float8 as background
      from pairs p
      join sizes s on s.id = p.id
      join extensions x on x.id = p.other and x.status = 'published'
      left join background b on b.extension_id = p.other
    ),
    ranked as (
      select id, other, share / sqrt(background) as score,
        row_number() over (partition by id order by share / sqrt(background) desc, other) as position
      from scored where share >= ${MIN_LIFT} * background
    )
    insert into extension_related (extension_id, related_id, position, score)
    select id, other, position, score from ranked where position <= ${KEPT}
    on conflict do nothing`)
  return last
}

/** Forgets clients of a chunk of extensions that were not heard of since a time. */
export async function forgetClients(
  db: Db,
  { after, last, before }: { after: string; last: string | null; before: Date },
): Promise<void> {
  const upTo = last === null ? sql`true` : sql`extension_id <= ${last}`
  await db.execute(sql`
    delete from extension_clients
    where extension_id > ${after} and ${upTo} and last_at < ${before.toISOString()}::timestamptz`)
}

/** Ids of what is related to an extension, best first, as far as it is to be had. */
export async function relatedIds(db: Db, identifier: string, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: extensionRelated.relatedId })
    .from(extensionRelated)
    .innerJoin(extensions, eq(extensions.id, extensionRelated.extensionId))
    .innerJoin(
      sql`extensions other`,
      sql`other.id = ${extensionRelated.relatedId} and other.status = 'published'`,
    )
    .where(and(eq(extensions.identifier, identifier), eq(extensions.status, 'published')))
    .orderBy(asc(extensionRelated.position))
    .limit(limit)
  return rows.map((row) => row.id)
}
