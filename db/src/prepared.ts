import { PostgresJsSession } from 'drizzle-orm/postgres-js'
import type { Db } from './index.ts'

/** Lists make a statement for each of their lengths; those with more parameters are not worth keeping. */
const MAX_PARAMETERS = 64
/** Drizzle's driver asks only whether there is a name; statements are told apart by their text. */
const KEPT = 'kept'

/**
 * Has the statements of Drizzle's builders prepared once per connection. Drizzle sends one that was given no name as if it would not come
 * again: PostgreSQL is asked for the types of its parameters first, then parses and plans it, each time, in two round trips. What is written
 * by hand and given to `execute` (reports, roll-ups) stays as it is, planned for the values that it asks for.
 */
export function prepareBuilt(): void {
  const { prototype } = PostgresJsSession
  const { prepareQuery } = prototype
  prototype.prepareQuery = function (this: typeof prototype, query, fields, name, isBuilt, ...more) {
    const isKept = isBuilt && query.params.length <= MAX_PARAMETERS
    return prepareQuery.call(this, query, fields, name ?? (isKept ? KEPT : undefined), isBuilt, ...more)
  } as typeof prepareQuery
}

/** Runs a statement that is written by hand, prepared once per connection, in the transaction of `db` where it is one. Times go as ISO texts. */
export async function runPrepared<Row extends object>(
  db: Db,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const query = { sql: text, params: [...values] }
  return db._.session
    .prepareQuery<{ execute: Row[]; all: Row[]; values: Row[] }>(query, undefined, KEPT, false)
    .execute()
}
