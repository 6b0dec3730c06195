import { newId } from '@devforge/db'
import type { CallPath } from '@devforge/sdk'
import { createApp } from '@devforge/server/app'
import type { Deps } from '@devforge/server/deps'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { signAccessToken } from '@devforge/server/modules/auth/tokens'
import { startServer } from './harness.ts'
import { type Kept, openDeps } from './kept.ts'
import { flag, number, text } from './options.ts'
import { explainEverything, showPlans } from './plans.ts'
import { callsOf, type PlainRequest } from './questions.ts'
import { say } from './report.ts'
import { measureInTurns, turnsOf } from './turns.ts'

/** One thing that people do over and over: a call, or a page. */
export type Doing = { name: string } & (
  | {
      path: CallPath
      kind: 'query' | 'mutation'
      /** Who does it, if signed in, and with what. */
      make(i: number): { userId: string | null; input: object }
    }
  | { page(): string }
)

/** Access tokens of people, as signing in would have given them out. */
export class Tokens {
  readonly #deps: Deps
  readonly #sessions = new Map<string, string>()
  constructor(deps: Deps) {
    this.#deps = deps
  }
  async of(userId: string): Promise<string> {
    let sessionId = this.#sessions.get(userId)
    if (sessionId === undefined) {
      sessionId = newId('ses')
      await this.#deps.sql`
        insert into sessions (id, user_id, token, expires_at) values (${sessionId}, ${userId}, ${`bench-${sessionId}`}, now() + interval '1 day')`
      this.#sessions.set(userId, sessionId)
    }
    return (await signAccessToken(this.#deps, { userId, sessionId })).accessToken
  }
}

/** Requests as the SDK, or a browser, really sends them. */
export async function requestsOf(doing: Doing, tokens: Tokens, count: number): Promise<PlainRequest[]> {
  if ('page' in doing)
    return Array.from({ length: count }, () => ({
      method: 'GET',
      path: doing.page(),
      headers: [
        ['accept', 'text/html'],
        ['accept-language', 'en'],
      ],
      body: '',
    }))
  const made = Array.from({ length: count }, (_, i) => doing.make(i))
  const requests = await callsOf(
    doing.path,
    doing.kind,
    made.map(({ input }) => input),
  )
  const bearers = new Map<string | null, [string, string][]>([[null, []]])
  for (const { userId } of made)
    if (userId !== null && !bearers.has(userId))
      bearers.set(userId, [['authorization', `Bearer ${await tokens.of(userId)}`]])
  return requests.map((request, i) => ({
    ...request,
    headers: [...request.headers, ...(bearers.get(made[i]?.userId ?? null) ?? [])],
  }))
}

/** What every bench of doings can be told. */
export const DOING_OPTIONS = {
  quick: flag('little data, short turns'),
  dir: text('folder', 'the data stay there and are taken up again'),
  only: text('text', 'what has this in its name'),
  plans: flag('the plans alone, without the measuring'),
  connections: number('so many at once (1)'),
}

interface RunOptions<T> {
  options: { quick: boolean; only: string | undefined; plans: boolean; connections: number | undefined }
  doingsOf(deps: Deps, loaded: T): Promise<Doing[]>
  /** Of each doing in a turn. */
  requests: number
  /** Tables that grow: reading one from end to end is what must not happen. */
  large: string[]
  /** Whether PostgreSQL is right to read a table that fits a few pages. */
  small: boolean
}

/** Measures all doings in turns, then shows by which plans PostgreSQL answered. The process fails when one read a large table from end to end. */
export async function runDoings<T>(
  data: Kept<T>,
  { options: { quick, only = '', plans, connections = 1 }, doingsOf, requests, large, small }: RunOptions<T>,
): Promise<void> {
  const deps = await openDeps(data)
  let doings: Doing[]
  try {
    // What changes something enqueues jobs.
    await prepareQueues(deps)
    doings = (await doingsOf(deps, data.loaded)).filter(({ name }) => name.includes(only))
    if (!plans) {
      await using server = await startServer('ours', data)
      const tokens = new Tokens(deps)
      const turns = { ...turnsOf(quick), connections }
      await measureInTurns(data, server, doings, (doing) => requestsOf(doing, tokens, requests), turns)
    }
  } finally {
    await deps.close()
  }
  const failures = await explainAll(data, doings, large)
  if (failures.length > 0 && !small) {
    say(`\nRead from end to end: ${failures.join('; ')}`)
    process.exitCode = 1
  } else
    say(
      `\nNo large table (${large.join(', ')}) was read from end to end${failures.length > 0 ? ', but for what is small here' : ''}.`,
    )
}

/** Runs each once more, on a server whose statements PostgreSQL explains. @returns tables that were read from end to end */
async function explainAll(data: Kept<unknown>, doings: Doing[], large: string[]): Promise<string[]> {
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
      failures.push(...(await showPlans(data, doing.name, () => send(last), { large, warm: false })))
    }
  } finally {
    await deps.close()
  }
  return failures
}
