import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as drizzleMigrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

// Any fixed number: copies of the server that start together must not migrate together.
const MIGRATION_LOCK = 4_711_001

/** Brings the database at `url` to the newest schema. Safe to call from several processes at once. */
export async function migrate(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`
    await drizzleMigrate(drizzle(sql), { migrationsFolder })
  } finally {
    await sql.end()
  }
}

/** Times of the migrations that this code knows, which is also how drizzle orders them. */
async function knownMigrations(): Promise<number[]> {
  const journal: { entries: { when: number }[] } = JSON.parse(
    await readFile(join(migrationsFolder, 'meta', '_journal.json'), 'utf8'),
  )
  return journal.entries.map((entry) => entry.when)
}

/** How many of this code's migrations the database lacks. A database that is ahead of the code lacks none. */
export async function pendingMigrations(sql: postgres.Sql): Promise<number> {
  const known = await knownMigrations()
  const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') as name`
  if (!table?.name) return known.length
  const [last] = await sql`select max(created_at)::float8 as at from drizzle.__drizzle_migrations`
  const at: number = last?.at ?? 0
  return known.filter((when) => when > at).length
}
