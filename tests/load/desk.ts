// `pnpm bench:desk [--quick] [--count=1000000] [--dir=…] [--only=search] [--plans] [--durable] [--connections=16]`: what people do at a desk with a million tickets: how long it takes, what it
// costs, and by which plans PostgreSQL answers. Fails when one of them reads a large table from end to end.
import { createApp } from '@devforge/server/app'
import { createDeps, type Deps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { createLog } from '@devforge/server/log'
import { SECRET } from './dataset.ts'
import { createDesk, type DeskDataset } from './desk-dataset.ts'
import { type Doing, makeDoings, requestsOf, Tokens } from './desk-requests.ts'
import { startServer } from './harness.ts'
import { explainEverything, showPlans } from './plans.ts'
import type { PlainRequest } from './questions.ts'
import { say } from './report.ts'
import { measureInTurns, turnsOf, whole } from './turns.ts'

const quick = process.argv.includes('--quick')
const onlyPlans = process.argv.includes('--plans')
const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const COUNT = Number(option('count') ?? (quick ? 3_000 : 1_000_000))
const REQUESTS = quick ? 300 : 6_000
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

const durable = process.argv.includes('--durable')
await using data = await createDesk(COUNT, { keepIn: option('dir'), durable })
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
    const tokens = new Tokens(deps)
    await measureInTurns(data, server, doings, (doing) => requestsOf(doing, tokens, REQUESTS), turnsOf(quick))
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
