import postgres from 'postgres'
import { expect, inject, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'

const tableCount = async (url: string): Promise<number> => {
  const sql = postgres(url, { max: 1 })
  try {
    const [row] = await sql`select count(*)::int as n from pg_tables where schemaname = 'public'`
    return row?.n
  } finally {
    await sql.end()
  }
}

test('each test database starts migrated and keeps its changes to itself', async () => {
  await using first = await createTestDatabase()
  await using second = await createTestDatabase()
  const before = await tableCount(first.url)
  expect(before).toBeGreaterThan(5)
  const sql = postgres(first.url, { max: 1 })
  await sql`create table only_here ()`
  await sql.end()
  expect(await tableCount(first.url)).toBe(before + 1)
  expect(await tableCount(second.url)).toBe(before)
})

test('an empty one has no tables', async () => {
  await using database = await createTestDatabase({ empty: true })
  expect(await tableCount(database.url)).toBe(0)
})

test('many are made at once, and are dropped although somebody is connected', async () => {
  const databases = await Promise.all(Array.from({ length: 8 }, () => createTestDatabase()))
  const clients = databases.map(({ url }) => postgres(url, { max: 1 }))
  for (const sql of clients) await sql`select 1`
  await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()))

  const admin = postgres(inject('testDatabase').adminUrl, { max: 1 })
  const names = databases.map(({ url }) => new URL(url).pathname.slice(1))
  expect(await admin`select datname from pg_database where datname in ${admin(names)}`).toEqual([])
  await admin.end()
  await Promise.all(clients.map((sql) => sql.end({ timeout: 0 })))
})

test('there is room for hundreds of connections', async () => {
  await using database = await createTestDatabase()
  const clients = Array.from({ length: 150 }, () => postgres(database.url, { max: 1 }))
  try {
    const answers = await Promise.all(
      clients.map((sql) => sql`select pg_backend_pid() as pid, pg_sleep(0.1)`),
    )
    expect(new Set(answers.map(([row]) => row?.pid)).size).toBe(150)
  } finally {
    await Promise.all(clients.map((sql) => sql.end({ timeout: 0 })))
  }
})
