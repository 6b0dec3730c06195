import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import { createStripeSandbox } from './index.ts'

/**
 * Serves the sandbox on a port of its own:
 * `node server/sandbox/stripe/main.ts --port 4242 --file .data/stripe.sqlite --webhook-url http://127.0.0.1:3000/webhooks/stripe --webhook-secret whsec_…`
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4242' },
    host: { type: 'string', default: '127.0.0.1' },
    file: { type: 'string', default: ':memory:' },
    url: { type: 'string' },
    'webhook-url': { type: 'string' },
    'webhook-secret': { type: 'string' },
  },
})

const port = Number(values.port)
const webhookUrl = values['webhook-url']
const secret = values['webhook-secret']
if (webhookUrl && !secret) throw new Error('--webhook-url needs --webhook-secret')

const server = serve(
  { port, hostname: values.host, fetch: (request) => sandbox.app.fetch(request) },
  (info) => {
    process.stdout.write(`Stripe sandbox on http://${values.host}:${info.port}\n`)
  },
)
const sandbox = createStripeSandbox({
  file: values.file,
  url: values.url ?? `http://${values.host}:${port}`,
  webhooks: webhookUrl && secret ? [{ url: webhookUrl, secret }] : [],
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    void sandbox.close().then(() => process.exit(0))
  })
}
