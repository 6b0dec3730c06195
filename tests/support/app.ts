import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevForge, type DevForge, type DevForgeOptions } from '@devforge/sdk'
import { createApp } from '@devforge/server/app'
import { createDeps, type Deps } from '@devforge/server/deps'
import type { Dns } from '@devforge/server/dns'
import { parseEnv } from '@devforge/server/env'
import { drainJobs, prepareQueues } from '@devforge/server/jobs/worker'
import { createLog } from '@devforge/server/log'
import type { KeptMail } from '@devforge/server/mail/mailer'
import {
  createStripeSandbox,
  type StripeSandbox,
  type StripeSandboxOptions,
} from '@devforge/server/sandbox/stripe/index'
import type { Hono } from 'hono'
import { createTestClock, type TestClock } from './clock.ts'
import { createTestDatabase } from './database.ts'
import { logSink } from './log.ts'

export const TEST_URL = 'http://devforge.test'
const SANDBOX_URL = 'http://stripe.test'
export const WEBHOOK_SECRET = 'whsec_test_secret_of_the_suite'

export interface TestApp extends AsyncDisposable {
  app: Hono
  deps: Deps
  sandbox: StripeSandbox
  clock: TestClock
  databaseUrl: string
  /** A client of its own: SDK, HTTP, tRPC and SQL run together, without a port. */
  forge(options?: Partial<DevForgeOptions>): DevForge
  fetch: typeof fetch
  /** Runs deliveries and jobs until everything is quiet. @returns errors of jobs that failed */
  drain(): Promise<unknown[]>
  /** Mails sent so far, oldest first. */
  mails(to?: string): Promise<KeptMail[]>
}

export interface TestAppOptions {
  env?: Record<string, string>
  /** Use an existing database, for a second copy of the server. It is not dropped. */
  databaseUrl?: string
  clock?: TestClock
  /** Other settings of the Stripe sandbox: `{ autoDeliver: false }` to deliver events by hand, in any order. */
  sandbox?: Partial<Pick<StripeSandboxOptions, 'autoDeliver' | 'retryDelaysMs' | 'settings'>>
  /** Stands between the server and the sandbox, to hold back or lose answers. */
  stripeFetch?: (sandbox: typeof fetch) => typeof fetch
  /** Stands in for the domain name system; by default no name has any record. */
  dns?: Dns
}

/** A whole server on a database of its own: `await using t = await createTestApp()`. */
export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.databaseUrl ? null : await createTestDatabase()
  const databaseUrl = options.databaseUrl ?? database?.url ?? ''
  const mailDir = await mkdtemp(join(tmpdir(), 'devforge-mail-'))
  const filesDir = await mkdtemp(join(tmpdir(), 'devforge-files-'))
  const clock = options.clock ?? createTestClock()
  const env = parseEnv({
    NODE_ENV: 'test',
    PUBLIC_URL: TEST_URL,
    DATABASE_URL: databaseUrl,
    DEVFORGE_SECRET: 'secret-of-the-test-suite-not-used-elsewhere',
    STRIPE_SECRET_KEY: 'sk_test_suite1234567890',
    STRIPE_API_BASE: SANDBOX_URL,
    STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
    MAIL_DIR: mailDir,
    FILES_DIR: filesDir,
    MALWARE_SCANNER: 'builtin',
    LOG_LEVEL: 'debug',
    WORKER: 'false',
    DATABASE_POOL_MAX: '20',
    ...options.env,
  })
  // The sandbox delivers to the app, which talks to the sandbox: the knot is tied by looking the app up late.
  let app: Hono | undefined
  const fetchApp: typeof fetch = async (input, init) => {
    if (!app) throw new Error('the app is not up yet')
    return app.request(input instanceof URL ? input.href : input, init)
  }
  const sandbox = createStripeSandbox({
    file: ':memory:',
    url: SANDBOX_URL,
    clock,
    fetch: fetchApp,
    webhooks: [{ url: `${TEST_URL}/webhooks/stripe`, secret: WEBHOOK_SECRET }],
    ...options.sandbox,
  })
  const deps = await createDeps(
    { ...env, DATABASE_URL: databaseUrl },
    {
      clock,
      log: createLog(env.LOG_LEVEL, logSink()),
      stripeFetch: options.stripeFetch?.(sandbox.fetch) ?? sandbox.fetch,
      dns: options.dns ?? { txt: async () => [] },
    },
  )
  await prepareQueues(deps)
  app = createApp(deps) as unknown as Hono
  return {
    app,
    deps,
    sandbox,
    clock,
    databaseUrl,
    fetch: fetchApp,
    forge: (given = {}) => createDevForge({ url: TEST_URL, fetch: fetchApp, ...given }),
    async drain() {
      const errors: unknown[] = []
      for (let quiet = false; !quiet; ) {
        await sandbox.settled()
        const drained = await drainJobs(deps)
        errors.push(...drained.errors)
        quiet = drained.ran === 0
      }
      return errors
    },
    async mails(to) {
      const files = (await readdir(mailDir).catch(() => [])).filter((name) => name.endsWith('.json'))
      const mails: KeptMail[] = await Promise.all(
        files.map(async (name) => JSON.parse(await readFile(join(mailDir, name), 'utf8'))),
      )
      return mails
        .filter((mail) => to === undefined || mail.to === to)
        .sort((a, b) => a.sentAt.localeCompare(b.sentAt))
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close()
      await deps.close()
      await rm(mailDir, { recursive: true, force: true })
      await rm(filesDir, { recursive: true, force: true })
      await database?.[Symbol.asyncDispose]()
    },
  }
}
