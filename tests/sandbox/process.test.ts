import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Stripe from 'stripe'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newSession } from './support/sandbox.ts'

const main = fileURLToPath(new URL('../../server/sandbox/stripe/main.ts', import.meta.url))

let folder: string
let port: number
let child: ChildProcess

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stripe-process-'))
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  port = (probe.address() as AddressInfo).port
  probe.close()
})

afterEach(async () => {
  child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

async function start(): Promise<Stripe> {
  child = spawn(process.execPath, [main, '--port', String(port), '--file', join(folder, 'state.sqlite')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout) await once(child.stdout, 'data')
  return new Stripe('sk_test_1234567890abcdef', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
  })
}

async function post(path: string, body: Record<string, string>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: new URLSearchParams(body),
    redirect: 'manual',
  })
}

test('as a process: a script pays by form, controls work over HTTP, and SIGKILL loses nothing that was answered', async () => {
  const stripe = await start()
  const session = await newSession(stripe)
  const key = { idempotencyKey: 'survives' }
  const customer = await stripe.customers.create({ email: 'k@example.com' }, key)
  const paid = await fetch(session.url ?? '', {
    method: 'POST',
    body: new URLSearchParams({ card: '4242424242424242', email: 'k@example.com' }),
    redirect: 'manual',
  })
  expect(paid.status).toBe(303)
  child.kill('SIGKILL')
  await once(child, 'exit')

  const again = await start()
  const found = await again.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] })
  expect(found.payment_status).toBe('paid')
  expect((await again.customers.create({ email: 'k@example.com' }, key)).id).toBe(customer.id)
  const charge = String((found.payment_intent as Stripe.PaymentIntent).latest_charge)
  expect((await post('/_sandbox/disputes', { charge })).status).toBe(200)
  const [dispute] = (await again.disputes.list({ charge })).data
  expect((await post(`/_sandbox/disputes/${dispute?.id}/lose`, { back: '/' })).status).toBe(303)
  expect((await again.disputes.retrieve(dispute?.id ?? '')).status).toBe('lost')
  expect((await post('/_sandbox/disputes', { charge: 'ch_none' })).status).toBe(400)
  const advanced = (await (await post('/_sandbox/advance', { months: '1' })).json()) as { now: number }
  expect(advanced.now).toBeGreaterThan(Date.now() / 1000 + 27 * 86_400)
  const events = (await (
    await fetch(`http://127.0.0.1:${port}/_sandbox/events?type=charge.dispute.closed`)
  ).json()) as { data: object[] }
  expect(events.data).toHaveLength(1)
}, 60_000)
