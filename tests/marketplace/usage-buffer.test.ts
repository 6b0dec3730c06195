import { recordUsage } from '@devforge/server/modules/marketplace/service/usage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { signUp } from '../support/people.ts'
import { createTcpProxy, throughProxy } from '../support/tcp-proxy.ts'

let t: TestApp
let extension: PlacedExtension
beforeAll(async () => {
  t = await createTestApp()
  extension = await placeExtension(t, { owner: await signUp(t) })
})
afterAll(() => t[Symbol.asyncDispose]())

const install = (app: TestApp, client: string) =>
  recordUsage(
    { deps: app.deps, ip: '192.0.2.1' },
    { extensionId: extension.rowId, version: '1.0.0', targetPlatform: 'universal', kind: 'install', client },
  )

async function written(): Promise<number> {
  const [row] = await t.deps.sql`select count(*)::int from usage_events`
  return row?.count
}

test('events are written by themselves, many in one statement, without the caller waiting', async () => {
  const before = await written()
  for (let n = 0; n < 1_000; n++) expect(install(t, `c${n}`)).toBeUndefined()
  expect(await written()).toBe(before)
  await expect.poll(written, { timeout: 5_000 }).toBe(before + 1_000)
})

test('what waits is written when the server stops', async () => {
  const before = await written()
  const app = await createTestApp({ databaseUrl: t.databaseUrl })
  for (let n = 0; n < 7; n++) install(app, `stop-${n}`)
  await app[Symbol.asyncDispose]()
  expect(await written()).toBe(before + 7)
})

test('while the database is away events wait, at most 50,000 of them, and are written when it is back', async () => {
  const target = new URL(t.databaseUrl)
  await using proxy = await createTcpProxy({ host: target.hostname, port: Number(target.port) })
  await using app = await createTestApp({ databaseUrl: throughProxy(t.databaseUrl, proxy) })
  const before = await written()
  await proxy.cut()
  for (let n = 0; n < 51_000; n++) install(app, `away-${n}`)
  await app.deps.usage.flush()
  expect(await written()).toBe(before)
  await proxy.mend()
  await expect.poll(written, { timeout: 10_000 }).toBe(before + 50_000)
  const metrics = await app.deps.metrics.registry.metrics()
  expect(metrics).toContain('devforge_usage_events_total{outcome="dropped"} 1000')
})

test('a batch that Postgres refuses does not stand in the way of the next', async () => {
  const before = await written()
  recordUsage(
    { deps: t.deps, ip: '192.0.2.1' },
    { extensionId: extension.rowId, version: 'nul\0', targetPlatform: 'universal', kind: 'install' },
  )
  await t.deps.usage.flush()
  install(t, 'after')
  await t.deps.usage.flush()
  expect(await written()).toBe(before + 1)
})
