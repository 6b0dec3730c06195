import { createDb, runPrepared, users } from '@devforge/db'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'

test('statements of the builders are prepared once per connection; what is given to execute is planned anew', async () => {
  await using database = await createTestDatabase()
  const { db, sql } = createDb(database.url, { max: 1 })
  try {
    for (const limit of [1, 2, 3]) await db.select({ id: users.id }).from(users).limit(limit)
    await db.transaction(async (tx) => {
      await tx.select({ name: users.name }).from(users).limit(1)
      await runPrepared(tx, 'select $1::int as one', [1])
    })
    await db.execute('select count(*) from users')
    const kept = await sql<{ statement: string }[]>`select statement from pg_prepared_statements`
    const count = (part: string) => kept.filter(({ statement }) => statement.includes(part)).length
    expect(count('select "id" from "users"')).toBe(1)
    expect(count('select "name" from "users"')).toBe(1)
    expect(count('as one')).toBe(1)
    expect(count('count(*) from users')).toBe(0)
  } finally {
    await sql.end()
  }
})
