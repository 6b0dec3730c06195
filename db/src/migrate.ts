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
