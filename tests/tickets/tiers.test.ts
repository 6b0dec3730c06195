import { moveTiers } from '@devforge/server/modules/support/queries/search-tiers'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { openDesk } from '../support/desk.ts'

const DOCUMENTS = 3_000

test('two copies that move documents on at once, with many to be moved: tiers never overlap, and nothing is moved twice', {
  timeout: 120_000,
}, async () => {
  await using t = await createTestApp()
  await using other = await createTestApp({ databaseUrl: t.databaseUrl })
  const { sql } = t.deps
  const { customer } = await openDesk(t)
  await sql`
    insert into tickets (id, requester_id, subject, category, source, queue_id, status_changed_at)
    select 'tkt_tier' || n, ${customer.id}, 'Tier ' || n, 'bug', 'api', 'que_general', now() from generate_series(1, ${DOCUMENTS}) n`
  // So far apart that most belong into the last tier.
  await sql`
    insert into ticket_search (ticket_id, number, document)
    select 'tkt_tier' || n, n * 500, ''::tsvector from generate_series(1, ${DOCUMENTS}) n`
  await sql.unsafe(`
    create table moves (ticket_id text, was int, is_now int);
    create function note_move() returns trigger language plpgsql as $$
    begin insert into moves values (new.ticket_id, old.tier, new.tier); return null; end $$;
    create trigger note_move after update on ticket_search for each row execute function note_move()`)
  const tiers = () => sql<{ tier: number; from: number; to: number; count: number }[]>`
    select tier, min(number)::int as "from", max(number)::int as "to", count(*)::int as count from ticket_search group by tier order by tier`
  const overlaps = async () => {
    const rows = await tiers()
    return rows.filter((row, place) => row.from <= (rows[place + 1]?.to ?? 0))
  }
  const moves = async () => (await sql<{ count: number }[]>`select count(*)::int from moves`)[0]?.count
  for (let before: number | undefined; before !== (await moves()); ) {
    before = await moves()
    await Promise.all([t, other, t, other, t, other].map(({ deps }) => moveTiers(deps.db)))
    expect(await overlaps()).toEqual([])
  }
  const newest = DOCUMENTS * 500
  expect((await tiers()).map(({ tier, from, to }) => [tier, newest - from, newest - to])).toEqual([
    [0, 16_000, 0],
    [1, 81_500, 16_500],
    [2, 344_000, 82_000],
    [3, newest - 500, 344_500],
  ])
  // Each by one tier at a time, and as often as there are tiers that it left.
  expect(await sql`select * from moves where is_now <> was + 1`).toEqual([])
  expect(await moves()).toBe((await tiers()).reduce((sum, { tier, count }) => sum + tier * count, 0))
})
