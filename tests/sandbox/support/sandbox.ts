import {
  createStripeSandbox,
  type StripeSandbox,
  type StripeSandboxOptions,
} from '@devforge/server/sandbox/stripe/index'
import Stripe from 'stripe'

export const SECRET = 'whsec_sandbox_test_secret'
export const WEBHOOK_URL = 'http://127.0.0.1:9/webhooks/stripe'

/** What a webhook endpoint got, verified with the `stripe` package's own check. */
interface Received {
  event: Stripe.Event
  body: string
  signature: string
}

export interface Bench extends AsyncDisposable {
  sandbox: StripeSandbox
  stripe: Stripe
  received: Received[]
  /** Types in the order in which they arrived. */
  types(): string[]
  /** What the endpoint answers next; 200 when empty. */
  answers: (number | 'refuse')[]
}

export function clientFor(sandbox: StripeSandbox): Stripe {
  return new Stripe('sk_test_1234567890abcdef', {
    httpClient: Stripe.createFetchHttpClient(sandbox.fetch),
    maxNetworkRetries: 0,
    telemetry: false,
  })
}

/** A sandbox in memory with one verified webhook endpoint and the real SDK in front of it. */
export function openBench(options: Partial<StripeSandboxOptions> = {}): Bench {
  const received: Received[] = []
  const answers: (number | 'refuse')[] = []
  const checker = new Stripe('sk_test_checker')
  const sandbox = createStripeSandbox({
    file: ':memory:',
    url: 'http://127.0.0.1:4242',
    webhooks: [{ url: WEBHOOK_URL, secret: SECRET }],
    retryDelaysMs: [20, 20],
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const answer = answers.shift() ?? 200
      if (answer === 'refuse') throw new TypeError('connection refused')
      const body = await request.text()
      const signature = request.headers.get('stripe-signature') ?? ''
      const event = await checker.webhooks.constructEventAsync(body, signature, SECRET)
      if (answer < 300) received.push({ event, body, signature })
      return new Response('', { status: answer })
    },
    ...options,
  })
  return {
    sandbox,
    stripe: clientFor(sandbox),
    received,
    answers,
    types: () => received.map(({ event }) => event.type),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}

/** A price on a new product. */
export async function newPrice(
  stripe: Stripe,
  params: Partial<Stripe.PriceCreateParams> = {},
): Promise<Stripe.Price> {
  const product = await stripe.products.create({ name: 'Dev Forge Pro' })
  return stripe.prices.create({ currency: 'usd', unit_amount: 49_900, product: product.id, ...params })
}

export async function newSession(
  stripe: Stripe,
  params: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Promise<Stripe.Checkout.Session> {
  const subscription = params.mode === 'subscription'
  const price =
    params.line_items === undefined
      ? await newPrice(stripe, subscription ? { unit_amount: 1900, recurring: { interval: 'month' } } : {})
      : undefined
  return stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: price ? [{ price: price.id, quantity: 1 }] : [],
    success_url: 'https://shop.example/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://shop.example/',
    ...params,
  })
}

/** A customer with a saved card. */
export async function newPayer(
  stripe: Stripe,
  card = 'pm_card_visa',
  params: Stripe.CustomerCreateParams = {},
): Promise<Stripe.Customer> {
  return stripe.customers.create({
    email: 'payer@example.com',
    payment_method: card,
    invoice_settings: { default_payment_method: card },
    ...params,
  })
}
