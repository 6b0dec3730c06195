import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Any fixed number: one roll-up at a time, so that "was this client seen before?" has one answer. */
const ROLL_UP_LOCK = 4_711_003

/** Lets one transaction in; the others find it taken and leave the work to it. */
export async function tryRollUpLock(db: Db): Promise<boolean> {
  const [row] = await db.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ROLL_UP_LOCK}) as locked`,
  )
  return row?.locked ?? false
}

/**
 * Moves the oldest events into the daily counts, the clients and the counters of their extensions, in one statement: an event is
 * deleted exactly when it is counted. Call it under `tryRollUpLock`.
 *
 * A client counts once per kind, version and day; a network brings at most `networkLimit` counts per extension and day. What
 * is not counted still moves the client's state (installed or not).
 * @returns how many events were taken, and the extensions whose counters moved
 */
export async function rollUpBatch(
  db: Db,
  { limit, networkLimit }: { limit: number; networkLimit: number },
): Promise<{ taken: number; extensionIds: string[] }> {
  const [row] = await db.execute<{ taken: number; extension_ids: string[] }>(sql`
    with taken as (
      delete from usage_events u
      using (select sequence from usage_events order by sequence limit ${limit}) oldest
      where u.sequence = oldest.sequence
      returning u.sequence, u.extension_id, u.version, u.target_platform, u.kind, u.client, u.network, u.at
    ),
    -- Whatever a caller made up (a version, a platform) makes no rows.
    known as (
      select t.sequence, t.extension_id, t.version, t.kind, t.client, t.network, t.at,
        (t.at at time zone 'UTC')::date as day,
        case when exists (
          select from extension_versions p
          where p.extension_id = t.extension_id and p.version = t.version and p.target_platform = t.target_platform
        ) then t.target_platform else 'unknown' end as target_platform
      from taken t
      where exists (
        select from extension_versions v where v.extension_id = t.extension_id and v.version = t.version
      )
    ),
    firsts as (
      select distinct on (day, extension_id, version, kind, client) *
      from known
      order by day, extension_id, version, kind, client, sequence
    ),
    unseen as (
      select f.*, row_number() over (partition by f.day, f.extension_id, f.network order by f.sequence) as place
      from firsts f
      where not exists (
        select from usage_seen s
        where s.day = f.day and s.extension_id = f.extension_id and s.version = f.version
          and s.kind = f.kind and s.client = f.client
      )
    ),
    networks as (
      select n.day, n.extension_id, n.network, c.counted
      from (select distinct day, extension_id, network from unseen) n
      cross join lateral (
        select count(*) as counted from (
          select from usage_seen s
          where s.day = n.day and s.extension_id = n.extension_id and s.network = n.network
          limit ${networkLimit}
        ) already
      ) c
    ),
    counted as (
      select u.* from unseen u
      join networks n on n.day = u.day and n.extension_id = u.extension_id and n.network = u.network
      where u.place + n.counted <= ${networkLimit}
    ),
    seen as (
      insert into usage_seen (day, extension_id, version, kind, client, network)
      select day, extension_id, version, kind, client, network from counted
      on conflict do nothing
    ),
    new_clients as (
      select distinct on (c.extension_id, c.client) c.sequence
      from counted c
      where c.kind = 'install' and not exists (
        select from extension_clients k where k.extension_id = c.extension_id and k.client = c.client
      )
      order by c.extension_id, c.client, c.sequence
    ),
    daily as (
      insert into extension_daily as d
        (extension_id, day, version, target_platform, downloads, installs, updates, uninstalls, unique_installs)
      select c.extension_id, c.day, c.version, c.target_platform,
        count(*) filter (where c.kind <> 'uninstall'),
        count(*) filter (where c.kind = 'install'),
        count(*) filter (where c.kind = 'update'),
        count(*) filter (where c.kind = 'uninstall'),
        count(n.sequence)
      from counted c left join new_clients n on n.sequence = c.sequence
      group by c.extension_id, c.day, c.version, c.target_platform
      on conflict (extension_id, day, version, target_platform) do update set
        downloads = d.downloads + excluded.downloads,
        installs = d.installs + excluded.installs,
        updates = d.updates + excluded.updates,
        uninstalls = d.uninstalls + excluded.uninstalls,
        unique_installs = d.unique_installs + excluded.unique_installs
    ),
    -- Where each client ended up. One that is only heard of when it uninstalls leaves no row.
    ends as (
      select distinct on (k.extension_id, k.client) k.extension_id, k.client, k.kind, k.version, k.at,
        min(k.at) over (partition by k.extension_id, k.client) as first_at
      from known k
      where k.kind <> 'download' and (
        exists (select from extension_clients e where e.extension_id = k.extension_id and e.client = k.client)
        or exists (
          select from counted c
          where c.extension_id = k.extension_id and c.client = k.client and c.kind in ('install', 'update')
        )
      )
      order by k.extension_id, k.client, k.sequence desc
    ),
    clients as (
      insert into extension_clients (extension_id, client, version, first_at, last_at)
      select extension_id, client, case when kind = 'uninstall' then null else version end, first_at, at from ends
      on conflict (extension_id, client) do update set version = excluded.version, last_at = excluded.last_at
    ),
    totals as (
      select c.extension_id, count(*) filter (where c.kind <> 'uninstall') as downloads, count(n.sequence) as installs
      from counted c left join new_clients n on n.sequence = c.sequence
      group by c.extension_id
    ),
    -- In one order, like everybody who locks several extensions.
    held as (
      select e.id from extensions e where e.id in (select extension_id from totals) order by e.id for no key update
    ),
    counters as (
      update extensions e set installs = e.installs + t.installs, downloads = e.downloads + t.downloads
      from held h join totals t on t.extension_id = h.id
      where e.id = h.id
    )
    select (select count(*)::int from taken) as taken, array(select extension_id from totals) as extension_ids`)
  return { taken: row?.taken ?? 0, extensionIds: row?.extension_ids ?? [] }
}

/** Forgets who was counted before a day (`YYYY-MM-DD`): events are not that late. */
export async function forgetSeen(db: Db, before: string): Promise<void> {
  await db.execute(sql`delete from usage_seen where day < ${before}::date`)
}
