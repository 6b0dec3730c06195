import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId, sessions, users } from '@devforge/db'
import { createApp } from '@devforge/server/app'
import { systemClock } from '@devforge/server/clock'
import { createDeps, type Deps } from '@devforge/server/deps'
import { parseEnv } from '@devforge/server/env'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { createLog } from '@devforge/server/log'
import { signAccessToken } from '@devforge/server/modules/auth/tokens'
import type { Hono } from 'hono'
import { createTestDatabase } from '../support/database.ts'

export const HTTP_URL = 'http://devforge.test'

export interface HttpApp extends AsyncDisposable {
  app: Hono
  deps: Deps
  databaseUrl: string
  mailDir: string
  /** What was logged, as parsed lines. */
  log: Record<string, unknown>[]
  /** An `Authorization` header of a signed-in person. */
  signIn(role?: 'customer' | 'agent' | 'admin'): Promise<string>
  /** Rows per table. */
  counts(): Promise<Record<string, number>>
}

/** The app without Stripe and the SDK: raw requests are what these tests are about. */
export async function createHttpApp(env: Record<string, string> = {}): Promise<HttpApp> {
  const database = await createTestDatabase()
  const mailDir = await mkdtemp(join(tmpdir(), 'devforge-http-mail-'))
  const log: Record<string, unknown>[] = []
  const parsed = parseEnv({
    NODE_ENV: 'test',
    PUBLIC_URL: HTTP_URL,
    DATABASE_URL: database.url,
    DEVFORGE_SECRET: 'secret-of-the-test-suite-not-used-elsewhere',
    MAIL_DIR: mailDir,
    WORKER: 'false',
    LOG_LEVEL: 'debug',
    ...env,
  })
  const deps = await createDeps(
    { ...parsed, DATABASE_URL: parsed.DATABASE_URL ?? database.url },
    { log: createLog('debug', { write: (line: string) => log.push(JSON.parse(line)) }), clock: systemClock },
  )
  await prepareQueues(deps)
  return {
    app: createApp(deps) as unknown as Hono,
    deps,
    databaseUrl: database.url,
    mailDir,
    log,
    async signIn(role = 'customer') {
      const userId = newId('usr')
      const sessionId = newId('ses')
      await deps.db.insert(users).values({ id: userId, name: 'Ada', email: `${userId}@example.com`, role })
      await deps.db
        .insert(sessions)
        .values({ id: sessionId, userId, token: sessionId, expiresAt: new Date(Date.now() + 3_600_000) })
      const { accessToken } = await signAccessToken(deps, { userId, sessionId })
      return `Bearer ${accessToken}`
    },
    async counts() {
      const tables = await deps.sql<{ name: string }[]>`
        select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'rate_limits'`
      const rows: Record<string, number> = {}
      for (const { name } of tables) {
        const [row] = await deps.sql`select count(*)::int as n from ${deps.sql(name)}`
        rows[name] = row?.n
      }
      return rows
    },
    async [Symbol.asyncDispose]() {
      await deps.close()
      await rm(mailDir, { recursive: true, force: true })
      await database[Symbol.asyncDispose]()
    },
  }
}

/** The body of an answer. What it should be is for the test to say. */
// biome-ignore lint/suspicious/noExplicitAny: each expectation checks the shape it reads
export const json = async (response: Response): Promise<any> => response.json()

/** The error of a tRPC answer: `{ code, httpStatus, details, requestId }`. */
export async function trpcError(response: Response): Promise<Record<string, unknown>> {
  const body = await json(response)
  return body.error?.json?.data ?? body[0]?.error?.json?.data
}
