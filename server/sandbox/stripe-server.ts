import { type Listener, listen, PortInUse } from '../src/listener.ts'
import { createStripeSandbox } from './stripe/index.ts'

const HOST = '127.0.0.1'
/** Its own port, so that links in old mails and receipts stay good; any free one where that is taken. */
const DEFAULT_PORT = 4242
/** The sandbox takes any key of this form. */
export const SANDBOX_KEY = 'sk_test_devforge_sandbox'

export interface StripeServer {
  url: string
  stop(): Promise<void>
}

async function listenSomewhere(port: number): Promise<Listener> {
  try {
    return await listen({ HOST, PORT: port })
  } catch (error) {
    if (!(error instanceof PortInUse)) throw error
    return listen({ HOST, PORT: 0 })
  }
}

/** Runs the Stripe sandbox beside the server, delivering to it. */
export async function startStripeServer(options: {
  file: string
  webhookUrl: string
  webhookSecret: string
  anyPort: boolean
}): Promise<StripeServer> {
  const listener = await listenSomewhere(options.anyPort ? 0 : DEFAULT_PORT)
  const sandbox = createStripeSandbox({
    file: options.file,
    url: listener.url,
    webhooks: [{ url: options.webhookUrl, secret: options.webhookSecret }],
  })
  await forgetOldAddresses(sandbox.fetch, options.webhookUrl)
  listener.attach((request) => sandbox.app.fetch(request))
  return {
    url: listener.url,
    async stop() {
      await listener.close(1_000)
      await sandbox.close()
    },
  }
}

/** The server may have had another port at its last start; whoever has that port now should not get our events. */
async function forgetOldAddresses(call: typeof fetch, webhookUrl: string): Promise<void> {
  const headers = { authorization: `Bearer ${SANDBOX_KEY}` }
  const base = 'http://sandbox/v1/webhook_endpoints'
  const response = await call(`${base}?limit=100`, { headers })
  const { data } = (await response.json()) as { data: { id: string; url: string }[] }
  const path = new URL(webhookUrl).pathname
  for (const { id, url } of data) {
    if (url !== webhookUrl && new URL(url).pathname === path)
      await call(`${base}/${id}`, { method: 'DELETE', headers })
  }
}
