import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevForge, type DevForge, type DevForgeOptions } from '@devforge/sdk'
import type { KeptMail } from '@devforge/server/mail/mailer'
import postgres from 'postgres'
import { WEBHOOK_SECRET } from '../support/app.ts'
import { createTestDatabase } from '../support/database.ts'
import { type ServerProcess, stablePort, startServerProcess } from './server-process.ts'
import { STRIPE_KEY, type StripeWorld, startStripe } from './stripe.ts'
import { until } from './until.ts'

export const RETURN_URLS = { successUrl: 'https://app.example/ok', cancelUrl: 'https://app.example/no' }
const GOOD_CARD = '4242424242424242'

export interface Customer {
  id: string
  email: string
  password: string
  forge: DevForge
}

/** A database and Stripe that live on, and a server that comes and goes, on one address. */
export interface World extends AsyncDisposable {
  sql: postgres.Sql
  databaseUrl: string
  stripe: StripeWorld
  url: string
  /**
   * Starts the server in a new process, if it does not run. Claims on mails, which a dead process leaves for a quarter of a
   * minute, are over by then.
   */
  start(env?: Record<string, string>): Promise<ServerProcess>
  /** Starts one more copy on the same database, on an address of its own. Stripe delivers to it, too. */
  startCopy(env?: Record<string, string>): Promise<{ url: string; server: ServerProcess }>
  /** SIGKILL. */
  kill(): Promise<void>
  forge(options?: Partial<DevForgeOptions>): DevForge
  signUp(options?: Partial<DevForgeOptions> & { admin?: boolean }): Promise<Customer>
  /** Mails kept in the folder, as files: one per Message-ID. */
  mails(to: string): Promise<KeptMail[]>
}

export interface WorldOptions {
  /** Instead of a database of its own. */
  databaseUrl?: string
  /** There will be a second copy of the server. */
  copy?: boolean
  env?: Record<string, string>
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const database = options.databaseUrl ? null : await createTestDatabase()
  const databaseUrl = options.databaseUrl ?? database?.url ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'devforge-faults-'))
  const mailDir = join(folder, 'mail')
  const url = `http://127.0.0.1:${await stablePort()}`
  const copyUrl = `http://127.0.0.1:${await stablePort()}`
  const stripe = await startStripe(
    [url, ...(options.copy ? [copyUrl] : [])].map((at) => `${at}/webhooks/stripe`),
  )
  const sql = postgres(databaseUrl, { max: 5, onnotice: () => {} })
  let running: ServerProcess | undefined
  let copy: ServerProcess | undefined
  let hasDied = false
  const spawnAt = (at: string, env: Record<string, string>) =>
    startServerProcess(
      {
        NODE_ENV: 'test',
        PORT: new URL(at).port,
        PUBLIC_URL: url,
        DATABASE_URL: databaseUrl,
        DEVFORGE_SECRET: 'secret-of-the-fault-tests-not-used-elsewhere',
        STRIPE_SECRET_KEY: STRIPE_KEY,
        STRIPE_API_BASE: stripe.url,
        STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
        MAIL_DIR: mailDir,
        LOG_LEVEL: 'debug',
        SHUTDOWN_TIMEOUT_SECONDS: '10',
        ...options.env,
        ...env,
      },
      folder,
    )
  const forge = (given: Partial<DevForgeOptions> = {}) => createDevForge({ url, retries: 0, ...given })
  let people = 0
  return {
    sql,
    databaseUrl,
    stripe,
    url,
    async start(env = {}) {
      if (hasDied)
        await sql`update outbox set updated_at = updated_at - interval '1 minute' where sent_at is null`
      hasDied = false
      running ??= await spawnAt(url, env)
      const started = running
      void started.exited.then(() => {
        if (running === started) running = undefined
      })
      return started
    },
    async startCopy(env = {}) {
      copy = await spawnAt(copyUrl, env)
      return { url: copyUrl, server: copy }
    },
    async kill() {
      hasDied = true
      await running?.kill()
      running = undefined
    },
    forge,
    async signUp({ admin = false, ...given } = {}) {
      const client = forge(given)
      const email = `person-${++people}@example.com`
      const password = 'a password of the fault tests'
      const { user } = await client.auth.signUp({ email, password, name: 'Ada Lovelace' })
      if (admin) await sql`update users set role = 'admin' where id = ${user.id}`
      return { id: user.id, email, password, forge: client }
    },
    async mails(to) {
      const files = (await readdir(mailDir).catch(() => [])).filter((name) => name.endsWith('.json'))
      const mails: KeptMail[] = await Promise.all(
        files.map(async (name) => JSON.parse(await readFile(join(mailDir, name), 'utf8'))),
      )
      return mails.filter((mail) => mail.to === to)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([running?.kill(), copy?.kill()])
      await stripe[Symbol.asyncDispose]()
      await sql.end({ timeout: 1 })
      await rm(folder, { recursive: true, force: true })
      await database?.[Symbol.asyncDispose]()
    },
  }
}

/** What a person has and what was done for them, as the database tells it, with the keys of things that must be there once. */
export async function booksOf({ sql }: World, person: Customer) {
  const [licenses, issued, payments, promised] = await Promise.all([
    sql<{ status: string }[]>`select status from licenses where user_id = ${person.id} order by id`,
    sql`select 1 from license_events e join licenses l on l.id = e.license_id
        where l.user_id = ${person.id} and e.type = 'license.issued'`,
    sql<{ status: string }[]>`select status from payments where user_id = ${person.id} order by id`,
    sql<{ template: string; sent: boolean }[]>`
      select payload ->> 'template' as template, sent_at is not null as sent
      from outbox where payload ->> 'to' = ${person.email} order by id`,
  ])
  const keyMails = promised.filter(({ template }) => template === 'license-issued')
  return {
    licenses: licenses.map(({ status }) => status),
    issued: issued.length,
    payments: payments.map(({ status }) => status),
    keyMails: keyMails.length,
    keyMailsSent: keyMails.filter(({ sent }) => sent).length,
  }
}

/** One purchase, fulfilled once. */
export const ONCE = {
  licenses: ['active'],
  issued: 1,
  payments: ['succeeded'],
  keyMails: 1,
  keyMailsSent: 1,
}

/** Waits for the key in the mail, then reads the books: whatever came twice would be there by then, or soon after. */
export async function settledBooks(world: World, person: Customer) {
  await until('the mail with the key is sent', async () => (await booksOf(world, person)).keyMailsSent > 0)
  await quiet(world)
  return booksOf(world, person)
}

/** Waits until all deliveries arrived, and nothing that came in is left to do. */
export async function quiet({ sql, stripe }: World): Promise<void> {
  await until('everything that came in is done', async () => {
    await stripe.sandbox.settled()
    const [left] = await sql`
      select (select count(*) from webhook_events where status in ('received', 'failed'))
        + (select count(*) from outbox where sent_at is null)
        + (select count(*) from refunds where status = 'requested') as count`
    return Number(left?.count) === 0
  })
}

/** What Stripe has of a person. */
export async function booksAtStripe({ stripe: { client } }: World, person: Customer) {
  const all = { limit: 100 }
  const customers = (await client.customers.list(all)).data.filter(
    ({ metadata }) => metadata.user_id === person.id,
  )
  const customer = customers[0]?.id ?? ''
  const sessions = (await client.checkout.sessions.list({ ...all, customer })).data
  const intents = (await client.paymentIntents.list({ ...all, customer })).data
  const refunds = (await client.refunds.list(all)).data.filter(({ payment_intent }) =>
    intents.some(({ id }) => id === payment_intent),
  )
  return {
    customers: customers.length,
    sessions: sessions.length,
    paid: intents.filter(({ status }) => status === 'succeeded').length,
    refunds: refunds.length,
  }
}

/** A checkout of Pro, not paid yet. */
export const checkoutOfPro = (person: Customer) =>
  person.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS })

/** Pays the hosted page as a person would. What follows is the webhook's and the worker's. */
export async function pay({ stripe }: World, url: string): Promise<void> {
  const answer = await stripe.sandbox.pay(url, { card: GOOD_CARD })
  if (answer.status >= 400) throw new Error(`the page answered ${answer.status}`)
}
