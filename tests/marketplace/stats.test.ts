import type { Input } from '@devforge/sdk'
import { toCsv } from '@devforge/server/csv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let owner: Person
let extension: PlacedExtension
beforeAll(async () => {
  t = await createTestApp()
  owner = await signUp(t)
  extension = await placeExtension(t, { owner })
  const used = [
    ['2026-01-30', '1.10.0', 'universal', 5, 4, 1, 0, 3],
    ['2026-01-30', '1.9.0', 'linux-x64', 1, 0, 1, 2, 0],
    ['2026-02-01', '1.10.0', 'linux-x64', 10, 10, 0, 1, 9],
    ['2026-03-01', '1.10.0', 'universal', 100, 100, 0, 0, 100],
  ] as const
  for (const [day, version, platform, downloads, installs, updates, uninstalls, uniques] of used) {
    await t.deps.sql`insert into extension_daily values
      (${extension.rowId}, ${day}, ${version}, ${platform}, ${downloads}, ${installs}, ${updates}, ${uninstalls}, ${uniques})`
  }
})
afterAll(() => t[Symbol.asyncDispose]())

const stats = (person: Pick<Person, 'forge'>, given: Partial<Input<'marketplace.stats'>> = {}) =>
  person.forge.call('marketplace.stats', 'query', {
    id: extension.id,
    from: '2026-01-30',
    to: '2026-02-02',
    by: 'day',
    ...given,
  })
const csv = (person: Pick<Person, 'forge'>, given: Partial<Input<'marketplace.statsCsv'>> = {}) =>
  person.forge.call('marketplace.statsCsv', 'query', {
    id: extension.id,
    from: '2026-01-30',
    to: '2026-02-02',
    ...given,
  })

const none = { downloads: 0, installs: 0, updates: 0, uninstalls: 0, uniqueInstalls: 0 }
const totals = { downloads: 16, installs: 14, updates: 2, uninstalls: 3, uniqueInstalls: 12 }

test('by day every day is there, also over the end of a month', async () => {
  expect(await stats(owner)).toEqual({
    id: extension.id,
    from: '2026-01-30',
    to: '2026-02-02',
    by: 'day',
    items: [
      { key: '2026-01-30', downloads: 6, installs: 4, updates: 2, uninstalls: 2, uniqueInstalls: 3 },
      { key: '2026-01-31', ...none },
      { key: '2026-02-01', downloads: 10, installs: 10, updates: 0, uninstalls: 1, uniqueInstalls: 9 },
      { key: '2026-02-02', ...none },
    ],
    totals,
  })
})

test('by version the newest first, by platform the busiest first; the totals are the same', async () => {
  const versions = await stats(owner, { by: 'version' })
  expect(versions.items.map(({ key, downloads }) => [key, downloads])).toEqual([
    ['1.10.0', 15],
    ['1.9.0', 1],
  ])
  const platforms = await stats(owner, { by: 'platform' })
  expect(platforms.items.map(({ key, installs }) => [key, installs])).toEqual([
    ['linux-x64', 10],
    ['universal', 4],
  ])
  expect([versions.totals, platforms.totals]).toEqual([totals, totals])
  expect(await stats(owner, { from: '2025-02-01', to: '2025-02-03', by: 'version' })).toMatchObject({
    items: [],
    totals: none,
  })
})

test('days are days, in order, and at most 400 of them', async () => {
  expect((await stats(owner, { from: '2025-01-29', to: '2026-03-04' })).items).toHaveLength(400)
  const bad = [
    { from: '2025-01-28', to: '2026-03-04' },
    { from: '2026-02-02', to: '2026-01-30' },
    { from: '2026-02-30', to: '2026-03-01' },
    { from: '2026-02-01T00:00:00Z', to: '2026-03-01' },
    { from: 'yesterday', to: '2026-03-01' },
    { from: "2026-01-01'; drop table users; --", to: '2026-03-01' },
  ]
  for (const range of bad) {
    expect(await failure(stats(owner, range)), range.from).toBe('INVALID_INPUT')
    expect(await failure(csv(owner, range)), range.from).toBe('INVALID_INPUT')
  }
})

test('only members read them; a foreign extension answers like one that never was', async () => {
  const stranger = await signUp(t)
  const invited = await signUp(t)
  await t.deps
    .sql`insert into publisher_members (publisher_id, user_id, role) values (${extension.publisherId}, ${invited.id}, 'member')`
  for (const person of [stranger, invited]) {
    for (const ask of [stats, csv]) {
      const answers = []
      for (const id of [extension.id, 'nobody.nothing']) {
        const error = await ask(person, { id }).catch((reason: unknown) => reason)
        answers.push(JSON.stringify(error, ['code', 'httpStatus', 'message']).replaceAll(id, '<id>'))
      }
      expect(answers[0]).toContain('EXTENSION_NOT_FOUND')
      expect(answers[0]).toBe(answers[1])
    }
  }
  expect(await failure(stats({ forge: t.forge() }))).toBe('AUTH_REQUIRED')
  // A token of the owner's continuous integration may read, one that only publishes may not.
  const tokens = async (scope: 'read' | 'publish') =>
    (await owner.forge.auth.createApiToken({ name: scope, scopes: [scope] })).token
  expect((await stats({ forge: t.forge({ apiToken: await tokens('read') }) })).totals).toEqual(totals)
  expect(await failure(stats({ forge: t.forge({ apiToken: await tokens('publish') }) }))).toBe(
    'AUTH_SCOPE_MISSING',
  )
})

test('for spreadsheets: one line per day, version and platform, and nothing in it that runs', async () => {
  const table = await csv(owner)
  expect(table).toMatchObject({
    fileName: `${extension.id}-2026-01-30-2026-02-02.csv`,
    contentType: 'text/csv; charset=utf-8',
  })
  expect(table.csv).toBe(
    [
      'day,version,targetPlatform,downloads,installs,updates,uninstalls,uniqueInstalls',
      '2026-01-30,1.10.0,universal,5,4,1,0,3',
      '2026-01-30,1.9.0,linux-x64,1,0,1,2,0',
      '2026-02-01,1.10.0,linux-x64,10,10,0,1,9',
      '',
    ].join('\r\n'),
  )
  const evil = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '|calc',
    '=HYPERLINK("http://e.example","x")',
    'a,"b"\nc',
  ]
  const lines = toCsv(
    ['cell', 'n'],
    evil.map((cell) => ({ cell, n: -1 })),
  )
  expect(lines).toBe(
    [
      'cell,n',
      "'=1+1,-1",
      "'+1,-1",
      "'-1,-1",
      "'@SUM(A1),-1",
      "'\t=1,-1",
      `"'\r=1",-1`,
      "'|calc,-1",
      `"'=HYPERLINK(""http://e.example"",""x"")",-1`,
      '"a,""b""\nc",-1',
      '',
    ].join('\r\n'),
  )
})
