import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { createTcpProxy, throughProxy } from '../support/tcp-proxy.ts'
import { createHttpApp, json, trpcError } from './support.ts'

const PLANS = `/trpc/payments.plans?input=${encodeURIComponent('{"json":{}}')}`

test('live and ready, each part by name', async () => {
  await using t = await createHttpApp()
  expect(await json(await t.app.request('/health/live'))).toEqual({ live: true })
  const ready = await t.app.request('/health/ready')
  expect(ready.status).toBe(200)
  expect(await json(ready)).toEqual({
    ready: true,
    parts: { process: { ok: true }, database: { ok: true }, migrations: { ok: true }, queue: { ok: true } },
  })
})

test('a database behind the code is not ready', async () => {
  await using t = await createHttpApp()
  await t.deps
    .sql`delete from drizzle.__drizzle_migrations where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`
  const response = await t.app.request('/health/ready')
  expect(response.status).toBe(503)
  expect(await json(response)).toMatchObject({
    ready: false,
    parts: { database: { ok: true }, migrations: { ok: false, problem: '1 to run' } },
  })
})

test('a missing queue is not ready', async () => {
  await using t = await createHttpApp()
  await t.deps.jobs.boss.deleteQueue('outbox.deliver')
  const response = await t.app.request('/health/ready')
  expect(response.status).toBe(503)
  expect(await json(response)).toMatchObject({
    parts: { queue: { ok: false, problem: 'missing: outbox.deliver' } },
  })
})

test('while the database is away: alive, not ready, and typed errors that say when to come back', async () => {
  await using database = await createTestDatabase()
  const { hostname, port } = new URL(database.url)
  await using proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  await using t = await createHttpApp({ DATABASE_URL: throughProxy(database.url, proxy) })
  const authorization = await t.signIn()
  await t.app.request(PLANS)

  await proxy.cut()
  expect((await t.app.request('/health/live')).status).toBe(200)
  const ready = await t.app.request('/health/ready')
  expect(ready.status).toBe(503)
  expect(await json(ready)).toMatchObject({
    ready: false,
    parts: { process: { ok: true }, database: { ok: false } },
  })
  const call = await t.app.request(PLANS)
  expect(call.status).toBe(503)
  expect(await trpcError(call)).toMatchObject({ code: 'UNAVAILABLE' })
  expect(Number(call.headers.get('retry-after'))).toBeGreaterThan(0)
  const signedIn = await t.app.request('/trpc/auth.sessions', { headers: { authorization } })
  expect(await trpcError(signedIn)).toMatchObject({ code: 'UNAVAILABLE' })

  await proxy.mend()
  // It comes back by itself.
  await expect.poll(async () => (await t.app.request(PLANS)).status, { timeout: 15_000 }).toBe(200)
})

test('a database that swallows everything is not ready either, and the answer does not wait for it', async () => {
  await using database = await createTestDatabase()
  const { hostname, port } = new URL(database.url)
  await using proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  await using t = await createHttpApp({ DATABASE_URL: throughProxy(database.url, proxy) })
  proxy.stall()
  const startedAt = performance.now()
  const ready = await t.app.request('/health/ready')
  expect(ready.status).toBe(503)
  expect(await json(ready)).toMatchObject({
    parts: { database: { ok: false, problem: 'no answer in time' } },
  })
  expect(performance.now() - startedAt).toBeLessThan(4_000)
  await proxy.cut()
})

test('metrics are for loopback callers, or for whoever has the token', async () => {
  await using open = await createHttpApp()
  await open.app.request(PLANS)
  await open.app.request('/trpc/somebody.made.this.up')
  await open.app.request('/also/made/up/4711')
  const local = await open.app.request('/metrics')
  expect(local.status).toBe(200)
  const text = await local.text()
  expect(text).toContain('devforge_requests_total{route="payments.plans",status="200"} 1')
  expect(text).toMatch(/devforge_request_seconds_count\{route="payments\.plans"\} 1/)
  // Labels come from a bounded set, whatever is asked for.
  expect(text).toContain('devforge_requests_total{route="other",status="404"} 2')
  expect(text).not.toContain('made')
  // A proxy on this machine speaks for others.
  const proxied = await open.app.request('/metrics', { headers: { 'x-forwarded-for': '203.0.113.5' } })
  expect(proxied.status).toBe(403)

  await using guarded = await createHttpApp({ METRICS_TOKEN: 'a-token-for-the-scraper' })
  expect((await guarded.app.request('/metrics')).status).toBe(401)
  const headers = { authorization: 'Bearer a-token-for-the-scrapes' }
  expect((await guarded.app.request('/metrics', { headers })).status).toBe(401)
  headers.authorization = 'Bearer a-token-for-the-scraper'
  expect((await guarded.app.request('/metrics', { headers })).status).toBe(200)
})

test('the public keys are there, with nothing private in them', async () => {
  await using t = await createHttpApp()
  const response = await t.app.request('/.well-known/jwks.json')
  expect(response.headers.get('cache-control')).toBe('public, max-age=300')
  const { keys } = await json(response)
  expect(keys.map((key: { purpose: string }) => key.purpose).sort()).toEqual(['access', 'lease'])
  for (const key of keys) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'purpose', 'use', 'x'])
  }
})

test('a database without any migration is not ready', async () => {
  await using empty = await createTestDatabase({ empty: true })
  const { pendingMigrations } = await import('@devforge/db/migrate')
  const { default: postgres } = await import('postgres')
  const sql = postgres(empty.url, { max: 1 })
  expect(await pendingMigrations(sql)).toBeGreaterThan(1)
  await sql.end()
})
