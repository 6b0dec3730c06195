import type { Db } from '@devforge/db'
import { type SQL, sql } from 'drizzle-orm'
import { type ClientEnd, type EventFacts, networkKey, type TakenEvent, type Tally } from '../usage-tally.ts'

// Rows go in and out in bulk, as JSON: each statement is one round trip with a fixed text, and each looks rows up by an index. (One
// statement for all of it was tried: the planner knows nothing of what is in its parts, and took 14 s for 5,000 events.)

/** Any fixed number: one roll-up at a time, so that "was this client seen before?" has one answer. */
const ROLL_UP_LOCK = 4_711_003

const json = (rows: readonly object[]): SQL => sql`${JSON.stringify(rows)}::jsonb`

/** Lets one transaction in; the others find it taken and leave the work to it. */
export async function tryRollUpLock(db: Db): Promise<boolean> {
  const [row] = await db.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ROLL_UP_LOCK}) as locked`,
  )
  return row?.locked ?? false
}

/** Takes the oldest events off the table, in their order. They are gone exactly if the transaction commits. */
export async function takeEvents(db: Db, limit: number): Promise<TakenEvent[]> {
  const rows = await db.execute<TakenEvent & Record<string, unknown>>(sql`
    delete from usage_events u
    using (select sequence from usage_events order by sequence limit ${limit}) oldest
    where u.sequence = oldest.sequence
    returning u.sequence::float8 as sequence, u.extension_id as "extensionId", u.version, u.target_platform as "targetPlatform",
      u.kind, encode(u.client, 'hex') as client, encode(u.network, 'hex') as network,
      to_char(u.at at time zone 'UTC', 'YYYY-MM-DD') as day, u.at::text as at`)
  return [...rows].sort((a, b) => a.sequence - b.sequence)
}

/** What the tables know of events, by their sequence. */
export async function factsOf(db: Db, events: TakenEvent[]): Promise<Map<number, EventFacts>> {
  const rows = await db.execute<EventFacts & Record<string, unknown>>(sql`
    select q.sequence,
      exists (
        select from extension_versions v where v.extension_id = q."extensionId" and v.version = q.version
      ) as "versionExists",
      exists (
        select from extension_versions v
        where v.extension_id = q."extensionId" and v.version = q.version and v.target_platform = q."targetPlatform"
      ) as "packageExists",
      exists (
        select from usage_seen s
        where s.day = q.day and s.extension_id = q."extensionId" and s.version = q.version and s.kind = q.kind
          and s.client = decode(q.client, 'hex')
      ) as "wasSeen",
      exists (
        select from extension_clients c
        where c.extension_id = q."extensionId" and c.client = decode(q.client, 'hex')
      ) as "hasClient"
    from jsonb_to_recordset(${json(events)}) as q(
      sequence float8, "extensionId" text, version text, "targetPlatform" text, kind usage_kind, client text, day date
    )`)
  return new Map([...rows].map((row) => [row.sequence, row]))
}

/** What networks have added to an extension on a day, up to `limit`; by `networkKey`. */
export async function countedOfNetworks(
  db: Db,
  events: TakenEvent[],
  limit: number,
): Promise<Map<string, number>> {
  const networks = new Map(
    events.map(({ day, extensionId, network }) => {
      const one = { day, extensionId, network }
      return [networkKey(one), one]
    }),
  )
  const rows = await db.execute<{ day: string; extensionId: string; network: string; counted: number }>(sql`
    select q.day, q."extensionId", q.network, (
      select count(*)::int from (
        select from usage_seen s
        where s.day = q.day::date and s.extension_id = q."extensionId" and s.network = decode(q.network, 'hex')
        limit ${limit}
      ) already
    ) as counted
    from jsonb_to_recordset(${json([...networks.values()])}) as q(day text, "extensionId" text, network text)`)
  return new Map([...rows].map((row) => [networkKey(row), row.counted]))
}

/** Adds a tally to the numbers. Rows are written in the order of their keys, like everybody does who locks several. */
export async function writeTally(db: Db, tally: Tally): Promise<void> {
  await insertSeen(db, tally.counted)
  await addDaily(db, tally.daily)
  await setClients(db, tally.clients)
  await addToCounters(db, tally.totals)
}

async function insertSeen(db: Db, counted: TakenEvent[]): Promise<void> {
  await db.execute(sql`
    insert into usage_seen (day, extension_id, version, kind, client, network)
    select q.day, q."extensionId", q.version, q.kind, decode(q.client, 'hex'), decode(q.network, 'hex')
    from jsonb_to_recordset(${json(counted)}) as q(
      day date, "extensionId" text, version text, kind usage_kind, client text, network text
    )`)
}

async function addDaily(db: Db, daily: Tally['daily']): Promise<void> {
  await db.execute(sql`
    insert into extension_daily as d
      (extension_id, day, version, target_platform, downloads, installs, updates, uninstalls, unique_installs)
    select q."extensionId", q.day, q.version, q."targetPlatform", q.downloads, q.installs, q.updates, q.uninstalls,
      q."uniqueInstalls"
    from jsonb_to_recordset(${json(daily)}) as q(
      "extensionId" text, day date, version text, "targetPlatform" text, downloads int, installs int, updates int,
      uninstalls int, "uniqueInstalls" int
    )
    order by 1, 2, 3, 4
    on conflict (extension_id, day, version, target_platform) do update set
      downloads = d.downloads + excluded.downloads,
      installs = d.installs + excluded.installs,
      updates = d.updates + excluded.updates,
      uninstalls = d.uninstalls + excluded.uninstalls,
      unique_installs = d.unique_installs + excluded.unique_installs`)
}

async function setClients(db: Db, clients: ClientEnd[]): Promise<void> {
  await db.execute(sql`
    insert into extension_clients (extension_id, client, version, first_at, last_at)
    select q."extensionId", decode(q.client, 'hex'), q.version, q."firstAt", q."lastAt"
    from jsonb_to_recordset(${json(clients)}) as q(
      "extensionId" text, client text, version text, "firstAt" timestamptz, "lastAt" timestamptz
    )
    order by 1, 2
    on conflict (extension_id, client) do update set version = excluded.version, last_at = excluded.last_at`)
}

async function addToCounters(db: Db, totals: Tally['totals']): Promise<void> {
  await db.execute(sql`
    with held as (
      select e.id, q.installs, q.downloads
      from jsonb_to_recordset(${json(totals)}) as q("extensionId" text, installs int, downloads int)
      join extensions e on e.id = q."extensionId"
      where q.installs > 0 or q.downloads > 0
      order by e.id
      for no key update of e
    )
    update extensions e set installs = e.installs + held.installs, downloads = e.downloads + held.downloads
    from held where e.id = held.id`)
}

/** Forgets who was counted before a day (`YYYY-MM-DD`): events are not that late. */
export async function forgetSeen(db: Db, before: string): Promise<void> {
  await db.execute(sql`delete from usage_seen where day < ${before}::date`)
}
