import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addMs, DAY } from '@devforge/server/clock'
import { parseEnv } from '@devforge/server/env'
import { listen } from '@devforge/server/listener'
import type { Logger } from '@devforge/server/log'
import type { KeptMail } from '@devforge/server/mail/mailer'
import { createStripeSandbox } from '@devforge/server/sandbox/stripe/index'
import { type RunningServer, startServer } from '@devforge/server/server'
import Stripe from 'stripe'

const STRIPE_KEY = 'sk_test_demo1234567890'
const WEBHOOK_SECRET = 'whsec_demo_secret'

export interface MoneyWorld {
  url: string
  startServer(): Promise<void>
  stopServer(): Promise<void>
  makeAdmin(userId: string): Promise<void>
  mails(to: string): Promise<KeptMail[]>
  /** Time passes for Stripe and for the server. */
  passDays(days: number): Promise<void>
  /** What the customer would do in the billing portal. */
  replaceCard(email: string, paymentMethod: string): Promise<void>
  close(): Promise<void>
}

/** The server and the Stripe sandbox on ports of this machine, with a clock that can be set forward. */
export async function startMoneyServer(options: {
  databaseUrl: string
  folder: string
  log: Logger
}): Promise<MoneyWorld> {
  let offsetMs = 0
  const clock = { now: () => addMs(new Date(), offsetMs) }
  // The port first, so that it stays the same when the server is stopped and started.
  const probe = await listen({ HOST: '127.0.0.1', PORT: 0 })
  await probe.close(0)
  const stripePort = await listen({ HOST: '127.0.0.1', PORT: 0 })
  const sandbox = createStripeSandbox({
    file: join(options.folder, 'stripe.sqlite'),
    url: stripePort.url,
    clock,
    webhooks: [{ url: `${probe.url}/webhooks/stripe`, secret: WEBHOOK_SECRET }],
    retryDelaysMs: [200, 500, 1_000],
  })
  stripePort.attach((request) => sandbox.app.fetch(request))
  const env = parseEnv({
    PORT: String(probe.port),
    DEVFORGE_SECRET: 'a secret for one run of the demonstration',
    STRIPE_SECRET_KEY: STRIPE_KEY,
    STRIPE_API_BASE: stripePort.url,
    STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
    MAIL_DIR: join(options.folder, 'mail'),
  })
  const stripe = new Stripe(STRIPE_KEY, { protocol: 'http', host: '127.0.0.1', port: stripePort.port })
  const start = (): Promise<RunningServer> =>
    startServer({ ...env, DATABASE_URL: options.databaseUrl }, { log: options.log, clock })
  let server: RunningServer | undefined = await start()
  const running = (): RunningServer => {
    if (!server) throw new Error('the server is stopped')
    return server
  }
  return {
    url: probe.url,
    async startServer() {
      server = await start()
    },
    async stopServer() {
      await running().stop()
      server = undefined
    },
    async makeAdmin(userId) {
      await running().deps.sql`update users set role = 'admin' where id = ${userId}`
    },
    async mails(to) {
      const files = (await readdir(env.MAIL_DIR).catch(() => [])).filter((name) => name.endsWith('.json'))
      const mails: KeptMail[] = await Promise.all(
        files.map(async (name) => JSON.parse(await readFile(join(env.MAIL_DIR, name), 'utf8'))),
      )
      return mails.filter((mail) => mail.to === to)
    },
    async passDays(days) {
      offsetMs += days * DAY
      await sandbox.advance(clock.now())
      await sandbox.settled()
    },
    async replaceCard(email, paymentMethod) {
      const { data } = await stripe.customers.list({ email, limit: 1 })
      const customer = data[0]
      if (!customer) throw new Error(`Stripe has no customer ${email}`)
      const method = await stripe.paymentMethods.attach(paymentMethod, { customer: customer.id })
      await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } })
      const subscriptions = await stripe.subscriptions.list({ customer: customer.id })
      for (const { id } of subscriptions.data)
        await stripe.subscriptions.update(id, { default_payment_method: method.id })
    },
    async close() {
      await server?.stop()
      await sandbox.close()
      await stripePort.close(1_000)
    },
  }
}
