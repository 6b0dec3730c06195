import { startEmbedded } from '@devforge/db/embedded'
import postgres from 'postgres'

/**
 * A process that runs an embedded PostgreSQL until it is told otherwise, for tests that end it roughly.
 * Arguments: folder, and what to do: `wait`, `exit` (end without stopping), `drain` (on SIGINT: use the database, then stop).
 */
const [dir = '', mode = 'wait'] = process.argv.slice(2)
const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)

try {
  const server = await startEmbedded({ dir, port: 0, durable: false })
  if (mode === 'wait') setInterval(() => {}, 1_000)
  if (mode === 'drain') {
    const keepAlive = setInterval(() => {}, 1_000)
    process.once('SIGINT', async () => {
      const sql = postgres(server.url, { max: 1 })
      const [row] = await sql`select pg_sleep(0.2), 'drained' as state`
      await sql.end()
      await server.stop()
      say({ state: row?.state })
      clearInterval(keepAlive)
    })
  }
  say({ url: server.url, pid: server.pid, home: server.home, fresh: server.fresh })
} catch (error) {
  say({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  process.exitCode = 1
}
