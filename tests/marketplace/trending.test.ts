import { newId } from '@devforge/db'
import { systemContext } from '@devforge/server/context'
import { refreshTrending } from '@devforge/server/modules/marketplace/service/trends'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let owner: Person
beforeAll(async () => {
  t = await createTestApp()
  owner = await signUp(t)
})
afterAll(() => t[Symbol.asyncDispose]())

/** An extension with a number of unique installs on each of these days before today. */
async function placed(installs: (daysAgo: number) => number): Promise<string> {
  const { rowId } = await placeExtension(t, { owner })
  for (let daysAgo = 0; daysAgo <= 40; daysAgo++) {
    const day = new Date(t.clock.now().getTime() - daysAgo * 86_400_000).toISOString().slice(0, 10)
    const n = installs(daysAgo)
    if (n > 0) {
      await t.deps
        .sql`insert into extension_daily (extension_id, day, version, target_platform, installs, unique_installs)
        values (${rowId}, ${day}, '1.0.0', 'universal', ${n}, ${n})`
    }
  }
  return rowId
}

const recent = (daysAgo: number): boolean => daysAgo >= 1 && daysAgo <= 7

async function scores(): Promise<Map<string, number>> {
  await refreshTrending(systemContext(t.deps, { type: 'system', job: 'test' }))
  const rows = await t.deps.sql`select id, trending from extensions`
  return new Map(rows.map((row) => [row.id, row.trending]))
}

test('what surely grows trends, in the order of growth; small numbers and steady giants do not', async () => {
  const names = [
    'steady',
    'giantGrows',
    'giantNoise',
    'doubled',
    'tenfold',
    'handful',
    'fresh',
    'todayOnly',
    'longAgo',
    'falling',
  ] as const
  const shapes: Record<(typeof names)[number], (daysAgo: number) => number> = {
    steady: () => 100,
    giantGrows: (day) => (recent(day) ? 15_500 : 10_000),
    giantNoise: (day) => (recent(day) ? 10_020 : 10_000),
    doubled: (day) => (recent(day) ? 200 : 100),
    tenfold: (day) => (recent(day) ? 50 : 5),
    handful: (day) => (day === 2 ? 3 : 0),
    fresh: (day) => (recent(day) ? 30 : 0),
    todayOnly: (day) => (day === 0 ? 1_000 : 0),
    longAgo: (day) => (day > 35 ? 1_000 : 0),
    falling: (day) => (recent(day) ? 10 : 100),
  }
  const ids = new Map<string, string>()
  for (const name of names) ids.set(name, await placed(shapes[name]))
  const found = await scores()
  const trending = Object.fromEntries(names.map((name) => [name, found.get(ids.get(name) ?? '')]))
  for (const none of ['steady', 'giantNoise', 'handful', 'todayOnly', 'longAgo', 'falling']) {
    expect(trending[none], none).toBe(0)
  }
  const order = ['fresh', 'tenfold', 'doubled', 'giantGrows']
  const grown = order.map((name) => trending[name] ?? 0)
  expect(grown).toEqual(grown.toSorted((a, b) => b - a))
  expect(Math.min(...grown)).toBeGreaterThan(0.3)
  // ln(1.55), but for chance.
  expect(trending.giantGrows).toBeCloseTo(0.43, 1)

  // A week later the hype is the usual, and nothing is left of it.
  t.clock.advance(36 * 86_400_000)
  const later = await scores()
  expect([...later.values()].filter((score) => score > 0)).toEqual([])
})

/** Clients that have these extensions installed. */
async function have(prefix: string, clients: number, extensionIds: string[]): Promise<void> {
  for (const id of extensionIds) {
    await t.deps.sql`
      insert into extension_clients (extension_id, client, version, first_at, last_at)
      select ${id}, decode(md5(${prefix} || n), 'hex'), '1.0.0', ${t.clock.now().toISOString()}::timestamptz, ${t.clock.now().toISOString()}::timestamptz
      from generate_series(1, ${clients}::int) n on conflict do nothing`
  }
}

test('others also installed: what goes with it comes before what everybody has; a few are no pattern', async () => {
  const place = async () => (await placeExtension(t, { owner })).rowId
  const [python, notebooks, linter, theme, rare, gone, java] = [
    await place(),
    await place(),
    await place(),
    await place(),
    await place(),
    await place(),
    await place(),
  ]
  const everybody = theme
  await have('py', 100, [python, everybody])
  await have('py', 60, [notebooks])
  await have('py', 30, [linter, gone])
  await have('py', 2, [rare])
  await have('other', 900, [everybody])
  await have('java', 300, [java, everybody])
  await have('java', 90, [linter])
  // Uninstalled is not installed.
  await t.deps.sql`update extension_clients set version = null where extension_id = ${rare}`
  await t.deps.sql`update extensions set status = 'removed' where id = ${gone}`
  await t.deps.jobs.enqueue(t.deps.db, 'marketplace.related', {})
  expect(await t.drain()).toEqual([])
  const related = async (id: string) =>
    (
      await t.deps.sql`select related_id from extension_related where extension_id = ${id} order by position`
    ).map((row) => row.related_id)
  expect(await related(python)).toEqual([notebooks, linter])
  expect((await related(notebooks))[0]).toBe(python)
  expect(await related(java)).toEqual([linter])
  expect(await related(rare)).toEqual([])

  // Made anew, not added to; and clients of long ago are forgotten.
  await t.deps
    .sql`update extension_clients set last_at = last_at - interval '401 days' where extension_id = ${notebooks}`
  await t.deps.jobs.enqueue(t.deps.db, 'marketplace.related', {})
  expect(await t.drain()).toEqual([])
  const [left] = await t.deps
    .sql`select count(*)::int from extension_clients where extension_id = ${notebooks}`
  expect(left?.count).toBe(0)
  await t.deps.jobs.enqueue(t.deps.db, 'marketplace.related', {})
  expect(await t.drain()).toEqual([])
  expect(await related(python)).toEqual([linter])
})

test('many extensions are worked on chunk by chunk, to the last', async () => {
  const { publisherId } = await placeExtension(t, { owner })
  const ids = Array.from({ length: 450 }, () => newId('ext')).toSorted()
  await t.deps.sql`
    insert into extensions (id, publisher_id, name, identifier, status, display_name)
    select id, ${publisherId}, id, 'bulk.' || lower(id), 'published', id from unnest(${ids}::text[]) as u(id)`
  const [first = '', last = ''] = [ids[0], ids.at(-1)]
  await have('bulk', 5, [first, last])
  await t.deps.jobs.enqueue(t.deps.db, 'marketplace.related', {})
  expect(await t.drain()).toEqual([])
  const rows = await t.deps
    .sql`select extension_id, related_id from extension_related where extension_id in (${first}, ${last}) order by 1`
  expect([...rows]).toEqual([
    { extension_id: first, related_id: last },
    { extension_id: last, related_id: first },
  ])
})
