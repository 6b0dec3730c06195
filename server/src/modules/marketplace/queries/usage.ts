import type { Sql } from '@devforge/db'

export type UsageKind = 'download' | 'install' | 'update' | 'uninstall'

/** One event as it is written down: the client as a digest only. */
export interface UsageRow {
  extensionId: string
  version: string
  targetPlatform: string
  kind: UsageKind
  client: Buffer
  network: Buffer
  /** The account that got the package, if it was signed in. */
  userId: string | null
  at: Date
}

/**
 * Appends events, and notes which accounts got which extension. One statement: all of it or nothing. By hand, since Drizzle
 * would make a parameter of each value.
 */
export async function insertUsage(sql: Sql, rows: UsageRow[]): Promise<void> {
  const column = <T>(value: (row: UsageRow) => T): T[] => rows.map(value)
  const owned = rows.filter((row) => row.userId !== null && row.kind !== 'uninstall')
  await sql`
    with alive as materialized (
      -- Waits for whoever deletes one of them in this moment, and leaves that one out.
      select id from users where id = any(${owned.map((row) => row.userId)}::text[]) and erased_at is null order by id for key share
    ), got as (
      insert into extension_users (extension_id, user_id, first_at)
      select distinct on (e.id, u.id) e.id, u.id, g.at::timestamptz
      from unnest(
        ${owned.map((row) => row.extensionId)}::text[],
        ${owned.map((row) => row.userId)}::text[],
        ${owned.map((row) => row.at.toISOString())}::text[]
      ) as g(extension_id, user_id, at)
      join extensions e on e.id = g.extension_id
      join alive u on u.id = g.user_id
      order by e.id, u.id, g.at
      on conflict do nothing
    )
    insert into usage_events (extension_id, version, target_platform, kind, client, network, at)
    select r.extension_id, r.version, r.target_platform, r.kind::usage_kind,
      decode(r.client, 'hex'), decode(r.network, 'hex'), r.at::timestamptz
    from unnest(
      ${column((row) => row.extensionId)}::text[],
      ${column((row) => row.version)}::text[],
      ${column((row) => row.targetPlatform)}::text[],
      ${column((row) => row.kind)}::text[],
      ${column((row) => row.client.toString('hex'))}::text[],
      ${column((row) => row.network.toString('hex'))}::text[],
      ${column((row) => row.at.toISOString())}::text[]
    ) as r(extension_id, version, target_platform, kind, client, network, at)`
}
