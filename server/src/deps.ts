import { createDb, type Db, type Sql } from '@devforge/db'
import Stripe from 'stripe'
import { type Clock, systemClock } from './clock.ts'
import { createPasswords, OWASP_COST, type Passwords, TEST_COST } from './crypto/passwords.ts'
import { createSecrets, type Secrets } from './crypto/secrets.ts'
import { createSigner, type Signer } from './crypto/signer.ts'
import { createDns, type Dns } from './dns.ts'
import type { Env } from './env.ts'
import { createFiles } from './files/index.ts'
import type { Files } from './files/types.ts'
import { createJobs, type Jobs } from './jobs/queue.ts'
import { createLimits, type Limits } from './limits.ts'
import { createLog, type Logger } from './log.ts'
import { createMailer, type Mailer } from './mail/mailer.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createUsageBuffer, type UsageBuffer } from './modules/marketplace/usage-buffer.ts'
import { createRealtime, type Realtime } from './realtime/hub.ts'

/** What services are given instead of imported singletons. */
export interface Deps {
  env: Env
  db: Db
  /** The driver beneath `db`, for the few hot statements written by hand. */
  sql: Sql
  /** Null when payments are not set up: `PAYMENTS_NOT_CONFIGURED`. */
  stripe: Stripe | null
  mail: Mailer
  files: Files
  jobs: Jobs
  /** What streams wait on; hears of changes in all copies of the server. */
  realtime: Realtime
  signer: Signer
  secrets: Secrets
  passwords: Passwords
  limits: Limits
  dns: Dns
  clock: Clock
  log: Logger
  metrics: Metrics
  /** Downloads and installs on their way to the database. */
  usage: UsageBuffer
  /** For what is opened later, by whoever first needs it: closed together with the rest. */
  onClose(effect: () => Promise<void>): void
  /** Gives back what was opened. */
  close(): Promise<void>
}

export interface DepsOptions {
  clock?: Clock
  log?: Logger
  /** Fetch for Stripe's API: tests hand in the sandbox's, so that no port is needed. */
  stripeFetch?: typeof fetch
  /** Stands in for the domain name system. */
  dns?: Dns
}

/** Stripe's SDK retries network faults by itself, with the same idempotency key. */
const STRIPE_RETRIES = 2
const STRIPE_TIMEOUT_MS = 20_000

function createStripe(env: Env, stripeFetch?: typeof fetch): Stripe | null {
  if (!env.STRIPE_SECRET_KEY) return null
  const base = env.STRIPE_API_BASE ? new URL(env.STRIPE_API_BASE) : undefined
  return new Stripe(env.STRIPE_SECRET_KEY, {
    maxNetworkRetries: STRIPE_RETRIES,
    timeout: STRIPE_TIMEOUT_MS,
    telemetry: false,
    appInfo: { name: 'Dev Forge Backend' },
    ...(base
      ? { protocol: base.protocol === 'http:' ? 'http' : 'https', host: base.hostname, port: base.port }
      : {}),
    ...(stripeFetch ? { httpClient: Stripe.createFetchHttpClient(stripeFetch) } : {}),
  })
}

/** Opens everything a server needs. The caller closes it. */
export async function createDeps(
  env: Env & { DATABASE_URL: string },
  options: DepsOptions = {},
): Promise<Deps> {
  const log = options.log ?? createLog(env.LOG_LEVEL)
  const clock = options.clock ?? systemClock
  const files = await createFiles(env, log)
  const handle = createDb(env.DATABASE_URL, { max: env.DATABASE_POOL_MAX })
  const secrets = createSecrets(env.DEVFORGE_SECRET)
  const jobs = await createJobs({ databaseUrl: env.DATABASE_URL, log, worker: env.WORKER })
  const metrics = createMetrics({ processMetrics: env.NODE_ENV !== 'test' })
  const usage = createUsageBuffer({ sql: handle.sql, log, metrics })
  const realtime = createRealtime({ databaseUrl: env.DATABASE_URL, log })
  const effects: (() => Promise<void>)[] = []
  return {
    env,
    db: handle.db,
    sql: handle.sql,
    stripe: createStripe(env, options.stripeFetch),
    mail: createMailer(env, log),
    files,
    jobs,
    realtime,
    signer: createSigner(handle.db, secrets, clock),
    secrets,
    passwords: createPasswords(env.NODE_ENV === 'test' ? TEST_COST : OWASP_COST),
    limits: createLimits(handle.sql),
    dns: options.dns ?? createDns(),
    clock,
    log,
    metrics,
    usage,
    onClose: (effect) => void effects.push(effect),
    async close() {
      await realtime.close()
      await Promise.all(effects.map((effect) => effect()))
      await jobs.boss.stop({ graceful: true, timeout: env.SHUTDOWN_TIMEOUT_SECONDS * 1_000 })
      await usage.close()
      await handle.close()
    },
  }
}
