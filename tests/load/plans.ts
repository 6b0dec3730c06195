import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { Dataset } from './dataset.ts'

/** A statement that PostgreSQL ran, with the plan it really used. */
export interface Explained {
  statement: string
  ms: number
  plan: string[]
}

/** Lets PostgreSQL explain every statement of connections made from now on into its log (auto_explain, as EXPLAIN (ANALYZE, BUFFERS)). */
export async function explainEverything({ url }: Dataset): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    for (const [name, value] of Object.entries({
      session_preload_libraries: 'auto_explain',
      'auto_explain.log_min_duration': '0',
      'auto_explain.log_analyze': 'on',
      'auto_explain.log_buffers': 'on',
      'auto_explain.log_parameter_max_length': '0',
    })) {
      await sql.unsafe(`alter role current_user set ${name} = '${value}'`)
    }
  } finally {
    await sql.end()
  }
}

/** Runs `act`. @returns what PostgreSQL was asked meanwhile */
export async function explain({ home }: Dataset, act: () => Promise<unknown>): Promise<Explained[]> {
  const file = join(home, 'postgres.log')
  const before = (await readFile(file, 'utf8')).length
  await act()
  // The log is written by another process.
  await sleep(100)
  return parse((await readFile(file, 'utf8')).slice(before))
}

/** Entries look like `… LOG:  duration: 0.1 ms  plan:`, then lines that begin with a tab: the statement, and the plan from its first `(cost=`. */
function parse(log: string): Explained[] {
  const found: Explained[] = []
  for (const entry of log.split(/^(?!\t)/m)) {
    const ms = /duration: ([\d.]+) ms {2}plan:/.exec(entry)?.[1]
    if (ms === undefined) continue
    const lines = entry
      .split('\n')
      .slice(1, -1)
      .map((line) => line.slice(1))
    const first = lines.findIndex((line) => /\(cost=/.test(line))
    found.push({
      ms: Number(ms),
      statement: lines.slice(0, first).join(' ').replace('Query Text: ', '').replace(/\s+/g, ' ').trim(),
      plan: lines.slice(first),
    })
  }
  return found
}
