// `pnpm bench:knowledge [--quick] [--count=10000] [--dir=…] [--only=search] [--plans]`: what people do with a help of 10,000 articles: how long it takes, what it
// costs, and by which plans PostgreSQL answers. Fails when one of them reads a large table from end to end.
import { createApp } from '@devforge/server/app'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { Tokens } from './desk-requests.ts'
import { startServer } from './harness.ts'
import { createHelp, type HelpDataset, openDeps } from './knowledge-dataset.ts'
import { type HelpDoing, makeDoings, requestsOf } from './knowledge-requests.ts'
import { explainEverything, showPlans } from './plans.ts'
import type { PlainRequest } from './questions.ts'
import { say } from './report.ts'
import { measureInTurns, turnsOf, whole } from './turns.ts'

const quick = process.argv.includes('--quick')
const onlyPlans = process.argv.includes('--plans')
const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const COUNT = Number(option('count') ?? (quick ? 1_000 : 10_000))
const REQUESTS = quick ? 300 : 4_000
/** Tables that grow with the help and its readers. */
const LARGE = [
  'articles',
  'article_versions',
  'article_search',
  'article_words',
  'article_word_lists',
  'article_feedback',
  'article_deflections',
  'knowledge_searches',
]

/** Runs each once more, on a server whose statements PostgreSQL explains. @returns tables that were read from end to end */
async function explainAll(data: HelpDataset, doings: HelpDoing[]): Promise<string[]> {
  await explainEverything(data)
  const deps = await openDeps(data)
  const failures: string[] = []
  try {
    const app = createApp(deps)
    const tokens = new Tokens(deps)
    const send = async ({ method, path, headers, body }: PlainRequest) => {
      const response = await app.request(path, { method, headers, ...(method === 'GET' ? {} : { body }) })
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
    // The next who takes up what is kept measures without.
    await deps.sql`alter role current_user reset all`
    await deps.close()
  }
  return failures
}

await using data = await createHelp(COUNT, option('dir'))
const { articles, versions, feedback, deflections, searches, seconds, indexSeconds } = data.loaded
say(
  `${whole(articles)} articles, ${whole(versions)} versions, ${whole(feedback)} voices, ${whole(deflections)} deflections, ${whole(searches)} searches, loaded in ${seconds.toFixed(0)} s, of which ${indexSeconds.toFixed(0)} s for the index`,
)
const deps = await openDeps(data)
let doings: HelpDoing[]
try {
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
// In a small help PostgreSQL is right to read a table that fits a few pages.
if (failures.length > 0 && COUNT >= 10_000) {
  say(`\nRead from end to end: ${failures.join('; ')}`)
  process.exitCode = 1
} else
  say(
    `\nNo large table (${LARGE.join(', ')}) was read from end to end${failures.length > 0 ? ', but for what is small here' : ''}.`,
  )
