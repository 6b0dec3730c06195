import type postgres from 'postgres'
import { until } from './until.ts'

/** Something in the database that the server has to wait for: it stops there, with its transaction open. */
export interface Obstacle {
  /** Resolves when somebody waits. */
  reached(): Promise<void>
  /**
   * Ends the connections that wait, then takes the obstacle away. Of a killed process nobody reads the answers any more, but
   * its last statement would still be carried out, as if the process had died a moment later.
   * @param isDead default; else nobody died, and whoever waits goes on
   */
  clear(isDead?: boolean): Promise<void>
}

/** Takes the locks of `statement` (`lock table … in share mode`, `select … for update`) and keeps them. */
export async function obstruct(sql: postgres.Sql, statement: string): Promise<Obstacle> {
  const mine = await sql.reserve()
  const [me] = await mine`select pg_backend_pid() as pid`
  await mine.unsafe('begin')
  await mine.unsafe(statement)
  const waiting = () =>
    sql<{ pid: number }[]>`
      select pid from pg_stat_activity
      where datname = current_database() and ${Number(me?.pid)} = any (pg_blocking_pids(pid))`
  return {
    reached: () => until(`somebody waits for: ${statement}`, async () => (await waiting()).length > 0),
    async clear(isDead = true) {
      for (const { pid } of isDead ? await waiting() : [])
        await sql`select pg_terminate_backend(${pid}::int, 5000)`
      await mine.unsafe('rollback')
      mine.release()
    },
  }
}
