import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'
import type { Properties } from '../privacy.ts'

export interface NewEvent {
  id: string
  name: string
  at: string
  properties: Properties
}

/**
 * Stores the events of one client that are not known yet. In the order of their ids: batches that overlap wait for each other, and
 * never in a circle. @returns how many are new
 */
export async function insertEvents(
  db: Db,
  { client, events, now }: { client: Buffer; events: NewEvent[]; now: Date },
): Promise<number> {
  const rows = await db.execute(sql`
    insert into analytics_events (client, id, name, day, at, properties, received_at)
    select ${client}, q.id, q.name, (q.at at time zone 'UTC')::date, q.at, q.properties, ${now.toISOString()}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as q(id uuid, name text, at timestamptz, properties jsonb)
    order by q.id
    on conflict (client, id) do nothing
    returning id`)
  return rows.length
}

/** Removes events of days before one. @returns how many, at most `limit` */
export async function purgeEvents(
  db: Db,
  { before, limit }: { before: string; limit: number },
): Promise<number> {
  const rows = await db.execute(sql`
    delete from analytics_events where (client, id) in (
      select client, id from analytics_events where day < ${before}::date limit ${limit}
    ) returning 1`)
  return rows.length
}
