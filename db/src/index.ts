import type { ExtractTablesWithRelations } from 'drizzle-orm'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { prepareBuilt } from './prepared.ts'
import * as schema from './schema/index.ts'

export * from './columns.ts'
export { createListener, type DbListener, type ListenerOptions } from './listener.ts'
export { runPrepared } from './prepared.ts'
export * from './schema/index.ts'
export { schema }

/** The database, or a transaction on it: queries are written once for both. */
export type Db = PgDatabase<
  PostgresJsQueryResultHKT,
  typeof schema,
  ExtractTablesWithRelations<typeof schema>
>

/** The driver beneath, for the few hot statements that are written by hand and for raw notifications. */
export type Sql = postgres.Sql

export interface DbHandle {
  db: Db
  sql: Sql
  close(): Promise<void>
}

export interface CreateDbOptions {
  /** Upper bound of connections this process opens. */
  max?: number
  /** Shown in `pg_stat_activity`. */
  applicationName?: string
}

/**
 * Waits before a connection is tried again. The driver's own wait counts the failures of all connections together and soon
 * is 20 s, in which requests hang and after which a database that is back goes unnoticed.
 */
const reconnectSeconds = (): number => 0.1 + Math.random() * 0.2

prepareBuilt()

/**
 * Opens a pool on a Postgres URL. Connections are made when first needed; statements are prepared once per connection.
 */
export function createDb(url: string, options: CreateDbOptions = {}): DbHandle {
  const sql = postgres(url, {
    max: options.max ?? 10,
    connection: { application_name: options.applicationName ?? 'devforge', TimeZone: 'UTC' },
    onnotice: () => {},
    prepare: true,
    backoff: reconnectSeconds,
  })
  const db = drizzle(sql, { schema })
  return { db, sql, close: () => sql.end({ timeout: 5 }) }
}
