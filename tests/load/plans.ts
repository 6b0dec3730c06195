import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { say } from './report.ts'

/** A statement that PostgreSQL ran, with the plan it really used. */
interface Explained {
  statement: string
  ms: number
  plan: string[]
}

/** Lets PostgreSQL explain every statement of connections made from now on into its log (auto_explain, as EXPLAIN (ANALYZE, BUFFERS)). */
export async function explainEverything({ url }: { url: string }): Promise<void> {
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

/** Takes that back for connections made from now on: whoever takes up kept data measures without. */
export async function explainNothing({ url }: { url: string }): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`alter role current_user reset all`
  } finally {
    await sql.end()
  }
}

/** Runs `act`. @returns what PostgreSQL was asked meanwhile */
async function explain({ home }: { home: string }, act: () => Promise<unknown>): Promise<Explained[]> {
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

/** Lines of a plan that tell where it reads. */
const READS = /Scan (?:using|on|Backward)|Heap Blocks|Buffers: shared/
/** Longer plans are told by these alone. */
const MAX_LINES = 60

interface ShowOptions {
  /** Tables that must not be read from end to end. */
  large: string[]
  /** Acts once before: planning once and a cold cache are not what is looked at. */
  warm?: boolean
}

/** Prints the plans of all that `act` asks. @returns where a large table was read from end to end */
export async function showPlans(
  data: { home: string },
  title: string,
  act: () => Promise<unknown>,
  { large, warm = true }: ShowOptions,
): Promise<string[]> {
  say(`\n── ${title} ${'─'.repeat(Math.max(0, 100 - title.length))}`)
  if (warm) await act()
  const all = await explain(data, act)
  if (all.length === 0) throw new Error(`${title}: PostgreSQL saw no statement`)
  for (const { statement, ms, plan } of all) {
    say(`${statement.slice(0, 160)}${statement.length > 160 ? ' …' : ''}  — ${ms} ms`)
    const told =
      plan.length > MAX_LINES
        ? plan.filter(
            (line, i) =>
              READS.test(line) &&
              !/never executed|CTE Scan/.test(line) &&
              !/never executed/.test(plan[i - 1] ?? ''),
          )
        : plan
    for (const line of told) say(`    ${line}`)
  }
  return all.flatMap(({ plan }) =>
    plan.flatMap((line) => {
      const table = /Seq Scan on (\w+)/.exec(line)?.[1]
      return table !== undefined && large.includes(table) ? [`${title}: ${table}`] : []
    }),
  )
}
