// `pnpm bench:desk [--quick] [--count=1000000] [--dir=…] [--only=search] [--plans]`: what people do at a desk with a million tickets: how long it takes, what it
// costs, and by which plans PostgreSQL answers. Fails when one of them reads a large table from end to end.
import { fork } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { createApp } from '@devforge/server/app'
import { createDeps, type Deps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { createLog } from '@devforge/server/log'
import type { AskerJob, AskerStats } from './asker.ts'
import { SECRET } from './dataset.ts'
import { createDesk, type DeskDataset } from './desk-dataset.ts'
import { type Doing, makeDoings, requestsOf, Tokens } from './desk-requests.ts'
import { ask, end, type Server, startServer } from './harness.ts'
import { explainEverything, showPlans } from './plans.ts'
import { cpuOfTree } from './processes.ts'
import type { PlainRequest } from './questions.ts'
import { say } from './report.ts'

const quick = process.argv.includes('--quick')
const onlyPlans = process.argv.includes('--plans')
const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const COUNT = Number(option('count') ?? (quick ? 3_000 : 1_000_000))
const [ROUNDS, ROUND_MS, WARMUP_MS, REQUESTS] = quick ? [1, 150, 100, 300] : [3, 2_500, 2_500, 6_000]
/** Two at a time: what people wait for on a machine of two processors, not what it can bear. */
const CONNECTIONS = 2
const AIM_MS = 25
/** Tables that grow with the business. */
const LARGE = [
  'tickets',
  'ticket_messages',
  'ticket_events',
  'ticket_search',
  'ticket_links',
  'users',
  'sessions',
  'licenses',
]

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const row = (cells: string[]): void =>
  say(cells.map((cell, i) => (i === 0 ? cell.padEnd(52) : cell.padStart(13))).join(''))

function openDeps(data: DeskDataset): Promise<Deps> {
  const env = parseEnv({
    NODE_ENV: 'test',
    DATABASE_URL: data.url,
    DEVFORGE_SECRET: SECRET,
    WORKER: 'false',
    REQUESTS_PER_MINUTE: '1000000000',
  })
  return createDeps({ ...env, DATABASE_URL: data.url }, { log: createLog('error') })
}

/** Everything in short turns, so that whatever else the machine does hits all alike; medians of the turns. */
async function measureAll(data: DeskDataset, server: Server, doings: Doing[], tokens: Tokens): Promise<void> {
  const asker = fork(new URL('./asker.ts', import.meta.url))
  const rounds = new Map<Doing, number[][]>(doings.map((doing) => [doing, []]))
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const [i, doing] of doings.entries()) {
        const file = `${data.file}.${i}`
        await writeFile(file, JSON.stringify(await requestsOf(doing, tokens, REQUESTS)))
        const usage = async () => [
          (await ask<{ cpuMicros: number }>(server.child, 'usage')).cpuMicros,
          (await cpuOfTree(data.pid)) ?? Number.NaN,
        ]
        const [server0 = 0, postgres0 = 0] = await usage()
        const job: AskerJob = {
          port: server.port,
          file,
          connections: CONNECTIONS,
          ms: round < 0 ? WARMUP_MS : ROUND_MS,
          from: 0,
        }
        const stats = await ask<AskerStats>(asker, job)
        if (stats.wrong.length > 0)
          throw new Error(`${doing.name}: wrong answers:\n${stats.wrong.join('\n')}`)
        const [server1 = 0, postgres1 = 0] = await usage()
        if (round >= 0)
          rounds
            .get(doing)
            ?.push([
              stats.requests / stats.seconds,
              stats.p50Ms,
              stats.p95Ms,
              (server1 - server0) / stats.requests,
              (postgres1 - postgres0) / stats.requests,
              stats.bytes / 1_024,
            ])
      }
    }
  } finally {
    await end(asker)
  }
  row(['', 'requests/s', 'p50 ms', 'p95 ms', 'server µs', 'Postgres µs', 'kB'])
  const late: string[] = []
  for (const [{ name }, turns] of rounds) {
    const [perSecond = 0, p50 = 0, p95 = 0, serverMicros = 0, databaseMicros = 0, kilobytes = 0] = [
      0, 1, 2, 3, 4, 5,
    ].map((member) => turns.map((turn) => turn[member] ?? 0).sort((a, b) => a - b)[turns.length >> 1] ?? 0)
    row([
      name,
      whole(perSecond),
      p50.toFixed(2),
      p95.toFixed(2),
      whole(serverMicros),
      whole(databaseMicros),
      kilobytes.toFixed(1),
    ])
    if (p95 > AIM_MS) late.push(name)
  }
  say(
    `(µs: processor time per request) ${cpus().length} processors, ${CONNECTIONS} connections, load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  )
  say(late.length === 0 ? `All p95 are below ${AIM_MS} ms.` : `Above ${AIM_MS} ms at p95: ${late.join('; ')}`)
}

/** Runs each once more, on a server whose statements PostgreSQL explains. @returns tables that were read from end to end */
async function explainAll(data: DeskDataset, doings: Doing[]): Promise<string[]> {
  await explainEverything(data)
  const deps = await openDeps(data)
  const failures: string[] = []
  try {
    const app = createApp(deps)
    const tokens = new Tokens(deps)
    const send = async ({ method, path, headers, body }: PlainRequest) => {
      const response = await app.request(path, { method, headers, body })
      if (response.status !== 200) throw new Error(await response.text())
    }
    for (const doing of doings) {
      const requests = await requestsOf(doing, tokens, 8)
      const last = requests.pop()
      if (!last) continue
      // From the sixth time on PostgreSQL may use a plan for all parameters.
      for (const request of requests) await send(request)
      failures.push(...(await showPlans(data, doing.name, () => send(last), { large: LARGE, warm: false })))
    }
  } finally {
    await deps.close()
  }
  return failures
}

await using data = await createDesk(COUNT, option('dir'))
const { tickets, messages, events, seconds } = data.loaded
say(
  `${whole(tickets)} tickets, ${whole(messages)} messages, ${whole(events)} events, loaded in ${seconds.toFixed(0)} s`,
)
const deps = await openDeps(data)
let doings: Doing[]
try {
  // A change of a ticket enqueues mails and assignment.
  await prepareQueues(deps)
  const only = option('only')
  doings = (await makeDoings(deps, data.loaded)).filter(({ name }) => name.includes(only ?? ''))
  if (!onlyPlans) {
    await using server = await startServer('ours', data)
    await measureAll(data, server, doings, new Tokens(deps))
  }
} finally {
  await deps.close()
}
const failures = await explainAll(data, doings)
// On a small desk PostgreSQL is right to read a table that fits a few pages.
if (failures.length > 0 && COUNT >= 100_000) {
  say(`\nRead from end to end: ${failures.join('; ')}`)
  process.exitCode = 1
} else
  say(
    `\nNo large table (${LARGE.join(', ')}) was read from end to end${failures.length > 0 ? ', but for what is small here' : ''}.`,
  )
