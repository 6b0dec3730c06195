import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDb } from '@devforge/db'
import { rebuildSearchWords } from '@devforge/server/modules/support/queries/ticket-search'
import { seedDesk } from '@devforge/server/sandbox/desk/demo'
import { loadDesk } from '@devforge/server/sandbox/desk/load'
import { STORIES } from '@devforge/server/sandbox/desk/stories'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { createTestDatabase } from '../support/database.ts'
import { signUp } from '../support/people.ts'

test('a made-up desk is the same each time, and as the real code would have written it', async () => {
  await using database = await createTestDatabase()
  const now = new Date('2026-11-25T12:00:00Z')
  const loaded = await loadDesk(database.url, { count: 400, now })
  expect(loaded).toMatchObject({ tickets: 400 })
  const handle = createDb(database.url, { max: 2 })
  try {
    const { sql, db } = handle
    const ids = (await sql<{ id: string }[]>`select id from tickets order by number desc limit 40`).map(
      ({ id }) => id,
    )
    const documents = () => sql`
      select ticket_id, tier, strip(document)::text as words, ts_rank(document, to_tsquery('simple', 'the | i | editor'))::float8 as rank
      from ticket_search where ticket_id = any(${ids}) order by ticket_id`
    const seeded = await documents()
    await rebuildSearchWords(db, ids)
    expect(await documents()).toEqual(seeded)
    const [counted] = await sql`
      select count(*) filter (where status <> 'closed')::int as active, count(distinct requester_id)::int as requesters, max(number)::int as newest
      from tickets`
    expect(counted?.active).toBeGreaterThan(5)
    expect(counted?.active).toBeLessThan(40)
    expect(counted?.requesters).toBeGreaterThan(20)
    // What comes next has the next number.
    const [next] = await sql`
      insert into tickets (requester_id, id, subject, category, source, queue_id, status_changed_at)
      select requester_id, 'tkt_next', 'x', 'bug', 'api', 'que_general', now() from tickets limit 1 returning number::int as number`
    expect(next?.number).toBeGreaterThan(counted?.newest)
    await expect(loadDesk(database.url, { count: 1, now })).rejects.toThrow('There are tickets already')
  } finally {
    await handle.close()
  }
  await using other = await createTestDatabase()
  expect({ ...(await loadDesk(other.url, { count: 400, now })), seconds: 0 }).toEqual({
    ...loaded,
    seconds: 0,
  })
})

test('the bench of the desk runs', { timeout: 240_000 }, async () => {
  const root = join(import.meta.dirname, '../..')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['tests/load/desk.ts', '--quick', '--count=500'],
    { cwd: root, maxBuffer: 1 << 26 },
  )
  expect(stdout).toContain('500 tickets')
  for (const line of ['queue: mine', 'viewCounts', 'open a ticket, as agent', 'reply, as customer', 'search'])
    expect(stdout).toMatch(new RegExp(`^${line} +[\\d,]+ `, 'm'))
  expect(stdout).toContain('No large table')
})

test('the demo has a desk with tickets in all states, told once', async () => {
  await using t = await createTestApp()
  const [customer, agent, admin] = [
    await signUp(t, { name: 'Cleo Customer' }),
    await signUp(t, { role: 'agent', name: 'Alan Agent' }),
    await signUp(t, { role: 'admin' }),
  ]
  const mails = { customerEmail: customer.email, agentEmail: agent.email, adminEmail: admin.email }
  expect(await seedDesk(t.deps, mails)).toBe(STORIES.length)
  expect(await seedDesk(t.deps, mails), 'a second start').toBe(0)
  const { items } = await agent.forge.tickets.queue({ limit: 100 })
  expect(items).toHaveLength(STORIES.length)
  expect(new Set(items.map(({ status }) => status))).toEqual(
    new Set(['new', 'open', 'pending', 'on_hold', 'solved', 'closed']),
  )
  for (const item of items) expect(item.updatedAt.getTime()).toBeLessThanOrEqual(t.clock.now().getTime())
  const own = (await customer.forge.tickets.list()).items
  expect(own.map(({ status }) => status).sort()).toEqual(['closed', 'open', 'solved'])
  const { items: macros } = await agent.forge.tickets.macros()
  expect(macros).toHaveLength(4)
  const { saved } = await agent.forge.tickets.viewCounts()
  expect(saved.map(({ count }) => count > 0)).toEqual([true, true, true])
  await t.drain()
  expect(
    (await t.mails()).filter(({ to }) => to.includes('asker-')),
    'nobody is told of what is made up',
  ).toEqual([])
}, 60_000)
