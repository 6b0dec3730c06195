import { systemContext } from '@devforge/server/context'
import { rollUpUsage } from '@devforge/server/modules/marketplace/service/roll-up'
import { recordUsage, type Usage } from '@devforge/server/modules/marketplace/service/usage'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'

const DAY_MS = 86_400_000

let t: TestApp
let owner: Person
let extension: PlacedExtension
beforeAll(async () => {
  t = await createTestApp()
  owner = await signUp(t)
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  extension = await placeExtension(t, {
    owner,
    versions: ['1.0.0', '1.1.0'],
    targetPlatforms: ['universal', 'linux-x64'],
  })
})

const system = () => systemContext(t.deps, { type: 'system', job: 'test' })

/** Something that a client does, from an address of its own unless one is given. */
function happens(usage: Partial<Usage> & { ip?: string } = {}): void {
  const { ip = '192.0.2.1', ...rest } = usage
  recordUsage(
    { deps: t.deps, ip },
    { extensionId: extension.rowId, version: '1.0.0', targetPlatform: 'universal', kind: 'install', ...rest },
  )
}

async function rollUp(): Promise<void> {
  await t.deps.usage.flush()
  await rollUpUsage(system())
}

async function counters(): Promise<{ installs: number; downloads: number }> {
  const [row] = await t.deps
    .sql`select installs::int, downloads::int from extensions where id = ${extension.rowId}`
  return { installs: row?.installs, downloads: row?.downloads }
}

const daily = () => t.deps.sql`
  select day::text, version, target_platform as platform, downloads, installs, updates, uninstalls, unique_installs as uniques
  from extension_daily where extension_id = ${extension.rowId} order by day, version, target_platform`

test('downloads, installs, updates and uninstalls become counts per day, version and platform', async () => {
  happens({ client: 'a' })
  happens({ client: 'b', targetPlatform: 'linux-x64' })
  happens({ client: 'c', kind: 'download' })
  happens({ client: 'a', kind: 'update', version: '1.1.0' })
  happens({ client: 'b', kind: 'uninstall', targetPlatform: 'linux-x64' })
  await rollUp()
  const day = t.clock.now().toISOString().slice(0, 10)
  expect(await daily()).toEqual([
    {
      day,
      version: '1.0.0',
      platform: 'linux-x64',
      downloads: 1,
      installs: 1,
      updates: 0,
      uninstalls: 1,
      uniques: 1,
    },
    {
      day,
      version: '1.0.0',
      platform: 'universal',
      downloads: 2,
      installs: 1,
      updates: 0,
      uninstalls: 0,
      uniques: 1,
    },
    {
      day,
      version: '1.1.0',
      platform: 'universal',
      downloads: 1,
      installs: 0,
      updates: 1,
      uninstalls: 0,
      uniques: 0,
    },
  ])
  expect(await counters()).toEqual({ installs: 2, downloads: 4 })
  const clients = await t.deps.sql`
    select version from extension_clients where extension_id = ${extension.rowId} order by version nulls last`
  expect(clients.map((row) => row.version)).toEqual(['1.1.0', null])
})

test('one client counts once per kind, version and day, in one batch or in several; its state follows all the same', async () => {
  for (let n = 0; n < 5; n++) happens({ client: 'a' })
  await rollUp()
  happens({ client: 'a' })
  happens({ client: 'a', kind: 'uninstall' })
  happens({ client: 'a' })
  await rollUp()
  expect(await counters()).toEqual({ installs: 1, downloads: 1 })
  const installed = () =>
    t.deps.sql`select version from extension_clients where extension_id = ${extension.rowId}`
  expect((await installed()).map((row) => row.version)).toEqual(['1.0.0'])

  happens({ client: 'a', kind: 'uninstall' })
  await rollUp()
  expect((await installed()).map((row) => row.version)).toEqual([null])

  // The next day it is a download again, though no new client.
  t.clock.advance(DAY_MS)
  happens({ client: 'a' })
  await rollUp()
  expect(await counters()).toEqual({ installs: 1, downloads: 2 })
  expect((await installed()).map((row) => row.version)).toEqual(['1.0.0'])
})

test('clients without an id are told apart by their network; made-up ids do not go further than 200 a day', async () => {
  for (let n = 0; n < 10; n++) happens({ ip: '198.51.100.7' })
  for (let n = 0; n < 3; n++) happens({ ip: `2001:db8::${n}` })
  await rollUp()
  expect(await counters()).toEqual({ installs: 2, downloads: 2 })

  for (let n = 0; n < 150; n++) happens({ ip: '203.0.113.9', client: `forged-${n}` })
  await rollUp()
  for (let n = 150; n < 400; n++) happens({ ip: '203.0.113.9', client: `forged-${n}` })
  await rollUp()
  expect(await counters()).toEqual({ installs: 202, downloads: 202 })
  const [clients] = await t.deps
    .sql`select count(*)::int from extension_clients where extension_id = ${extension.rowId}`
  expect(clients?.count).toBe(202)
})

test('versions and extensions that do not exist are not counted, platforms that do not exist are unknown', async () => {
  happens({ client: 'a', version: '9.9.9' })
  happens({ client: 'a', extensionId: 'ext_nobody' })
  happens({ client: 'a', targetPlatform: '=cmd()' })
  await rollUp()
  expect(await daily()).toMatchObject([{ version: '1.0.0', platform: 'unknown', installs: 1 }])
  const [left] = await t.deps.sql`select count(*)::int from usage_events`
  expect(left?.count).toBe(0)
})

test('ids and addresses of clients are not in the database', async () => {
  happens({ client: 'client-in-clear', ip: '192.0.2.44' })
  await t.deps.usage.flush()
  const rows = await t.deps.sql`select e::text, encode(client, 'escape') as client from usage_events e`
  expect(JSON.stringify(rows)).not.toMatch(/client-in-clear|192\.0\.2\.44/)
  // The same client is the same digest after a restart, and another under another secret.
  const digest = t.deps.secrets.hmac('usage-client', 'client:client-in-clear').subarray(0, 16).toString('hex')
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).toContain(digest)
  await rollUp()
})

test('two workers at once, with events coming in, count each event exactly once', async () => {
  await using second = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
  const other = systemContext(second.deps, { type: 'system', job: 'test' })
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 100; n++) happens({ client: `${round}-${n}`, ip: `10.0.${round}.${n}` })
    await Promise.all([
      t.deps.usage.flush(),
      rollUpUsage(system()),
      rollUpUsage(other),
      rollUpUsage(system()),
    ])
  }
  await rollUp()
  expect(await counters()).toEqual({ installs: 1_000, downloads: 1_000 })
  const [sums] = await t.deps.sql`
    select sum(installs)::int as installs, sum(unique_installs)::int as uniques from extension_daily where extension_id = ${extension.rowId}`
  expect(sums).toEqual({ installs: 1_000, uniques: 1_000 })
})

test('a worker that dies in the middle loses and doubles nothing', async () => {
  for (let n = 0; n < 20; n++) happens({ client: `c${n}` })
  await t.deps.usage.flush()
  const admin = postgres(t.databaseUrl, { max: 2, onnotice: () => {} })
  try {
    let dying: Promise<unknown> | undefined
    await admin.begin(async (tx) => {
      // The roll-up has deleted its events and waits for the daily counts when its connection is cut.
      await tx`lock table extension_daily in exclusive mode`
      dying = rollUpUsage(system()).catch((error: unknown) => error)
      for (;;) {
        const waiting = await admin`
          select pg_terminate_backend(a.pid) from pg_stat_activity a join pg_locks l on l.pid = a.pid
          where not l.granted and l.relation = 'extension_daily'::regclass`
        if (waiting.length > 0) break
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })
    expect(await dying).toBeInstanceOf(Error)
  } finally {
    await admin.end()
  }
  expect(await counters()).toEqual({ installs: 0, downloads: 0 })
  await rollUp()
  expect(await counters()).toEqual({ installs: 20, downloads: 20 })
})

test('who downloaded while signed in is on record, unless the account is gone by then', async () => {
  const gone = await signUp(t)
  happens({ kind: 'download', userId: owner.id })
  happens({ kind: 'download', userId: owner.id })
  happens({ kind: 'download', userId: gone.id })
  await gone.forge.users.deleteAccount({ password: gone.password })
  await rollUp()
  const rows = await t.deps.sql`select user_id from extension_users where extension_id = ${extension.rowId}`
  expect(rows.map((row) => row.user_id)).toEqual([owner.id])
})

test('who is deleted in the moment in which it is written down is not on record', async () => {
  const gone = await signUp(t)
  happens({ kind: 'download', userId: gone.id })
  const deleter = postgres(t.databaseUrl, { max: 2 })
  let flushed: Promise<unknown> | undefined
  try {
    await deleter.begin(async (sql) => {
      await sql`update users set erased_at = now(), email = ${`${gone.id}@erased.invalid`} where id = ${gone.id}`
      flushed = t.deps.usage.flush()
      await expect
        .poll(
          () => deleter`
            select 1 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query like '%usage_events%'`,
        )
        .toHaveLength(1)
    })
    await flushed
  } finally {
    await deleter.end()
  }
  expect(await t.deps.sql`select 1 from extension_users where user_id = ${gone.id}`).toHaveLength(0)
})
