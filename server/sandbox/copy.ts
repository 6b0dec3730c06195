import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Sql } from '@devforge/db'

/** Many made-up rows at once, by COPY in its text format. */

export type Value = string | number | boolean | Date | null | readonly string[]

const SPECIAL = /[\\\t\n\r]/g
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const escaped = (text: string): string =>
  SPECIAL.test(text) ? text.replace(SPECIAL, (letter) => ESCAPES[letter] ?? letter) : text

function spelled(value: Value): string {
  if (value === null) return '\\N'
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (typeof value === 'number') return String(value)
  if (value instanceof Date) return value.toISOString()
  return escaped(`{${value.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`)
}

/** A row. */
export const line = (values: Value[]): string => `${values.map(spelled).join('\t')}\n`

/** Sent to Postgres in pieces of about this size. */
const PIECE_CHARS = 256 * 1024

/** Takes rows. Wait for what `write` returns, if anything: then the database is behind. */
export interface Sink {
  write(text: string): Promise<void> | undefined
  end(): Promise<void>
}

/** Begins to fill a table, on a connection of its own, in a transaction that ends with `commit`. */
export async function openCopy(
  sql: Sql,
  table: string,
  columns: string,
): Promise<{ sink: Sink; commit(): Promise<void> }> {
  const connection = await sql.reserve()
  // Rows of several tables come in one pass: whom they point to may come later, on another connection.
  await connection.unsafe('begin').simple()
  await connection.unsafe('set local session_replication_role = replica').simple()
  const stream: Writable = await connection.unsafe(`copy ${table} (${columns}) from stdin`).writable()
  let piece = ''
  const flush = (): Promise<unknown> | undefined => {
    const text = piece
    piece = ''
    return stream.write(text) ? undefined : once(stream, 'drain')
  }
  return {
    sink: {
      write(text) {
        piece += text
        return piece.length < PIECE_CHARS ? undefined : (flush() as Promise<void> | undefined)
      },
      async end() {
        if (piece) await flush()
        stream.end()
        await finished(stream)
      },
    },
    async commit() {
      await connection.unsafe('commit').simple()
      connection.release()
    },
  }
}

/** Runs `fill` while the tables have no indexes: built at the end, one costs a fraction of what it costs row by row. */
export async function withoutIndexes<T>(
  sql: Sql,
  tables: readonly string[],
  fill: () => Promise<T>,
): Promise<T> {
  const indexes = await sql<{ name: string; definition: string }[]>`
    select i.indexname as name, i.indexdef as definition
    from pg_indexes i
    where i.schemaname = 'public' and i.tablename = any(${[...tables]})
      and not exists (select from pg_constraint c where c.conname = i.indexname)`
  for (const { name } of indexes) await sql`drop index ${sql(name)}`
  const filled = await fill()
  for (const { definition } of indexes) {
    await sql.begin(async (tx) => {
      await tx`set local maintenance_work_mem = '512MB'`
      await tx.unsafe(definition)
    })
  }
  return filled
}
