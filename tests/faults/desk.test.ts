import { expect, test } from 'vitest'
import { signedMail } from '../support/mail-gateway.ts'
import { obstruct } from './obstacle.ts'
import { TEST_MS, until } from './until.ts'
import { type Customer, createWorld, type World } from './world.ts'

const SECRET = 'secret-of-the-mail-gateway'
/** Every change of a ticket takes it last, with all that it writes written and not committed. */
const HOLD_EVENTS = 'select pg_advisory_xact_lock(4711020)'

const settled = (calls: Promise<unknown>[]): Promise<string[]> =>
  Promise.all(
    calls.map((call) =>
      call.then(
        () => 'ok',
        (error: unknown) => String(Reflect.get(Object(error), 'code')),
      ),
    ),
  )

async function deliver({ url }: World, from: string, subject: string): Promise<number> {
  const raw = [
    `From: ${from}`,
    'To: support@devforge.localhost',
    `Subject: ${subject}`,
    '',
    'Please help.',
  ].join('\r\n')
  return (await fetch(`${url}/webhooks/mail`, signedMail(raw, { secret: SECRET, now: new Date() }))).status
}

/** One of everything that changes tickets, each on tickets of its own, and each with what keeps it from being done twice. */
async function oneOfAll({ sql }: World, round: string, customer: Customer, agent: Customer) {
  const open = async () =>
    await customer.forge.tickets.create({ subject: 'Help', body: 'It broke.', category: 'bug' })
  const [replied, answered, noted, moved, from, into, many] = [
    await open(),
    await open(),
    await open(),
    await open(),
    await open(),
    await open(),
    await open(),
  ]
  const macro = await agent.forge.tickets.saveMacro({
    name: `Macro ${round}`,
    body: `by macro ${round}`,
    actions: { priority: 'low' },
  })
  const key = (name: string) => `${name}-${round}`
  const { tickets } = agent.forge
  const calls = (): Promise<unknown>[] => [
    customer.forge.tickets.create({
      subject: `created ${round}`,
      body: `created ${round}`,
      category: 'bug',
      idempotencyKey: key('create'),
    }),
    customer.forge.tickets.reply({ id: replied.id, body: `replied ${round}`, idempotencyKey: key('reply') }),
    tickets.reply({
      id: answered.id,
      body: `answered ${round}`,
      status: 'solved',
      idempotencyKey: key('answer'),
    }),
    tickets.note({ id: noted.id, body: `noted ${round}`, idempotencyKey: key('note') }),
    tickets.transition({ id: moved.id, to: 'solved', body: `moved ${round}`, version: moved.version }),
    tickets.merge({ from: from.id, into: into.id }),
    tickets.bulk({
      ids: [many.id],
      action: { type: 'macro', macroId: macro.id },
      idempotencyKey: key('bulk'),
    }),
  ]
  /** How often each was done, and how many mails promise to tell of answers. */
  const done = async () => {
    const bodies = ['created', 'replied', 'answered', 'noted', 'moved', 'by macro'].map(
      (name) => `${name} ${round}`,
    )
    const messages = await sql<{ count: number; twice: number }[]>`
      select count(distinct body)::int as count, (count(*) - count(distinct body))::int as twice
      from ticket_messages where body = any(${bodies})`
    const [events] = await sql<{ merged: number; told: number }[]>`
      select count(*) filter (where type = 'ticket.merged')::int as merged,
        count(*) filter (where type = 'message.added' or type = 'note.added')::int as told
      from ticket_events where ticket_id = any(${[from.id, replied.id, answered.id, noted.id, moved.id, many.id]})`
    const [mails] = await sql<{ count: number }[]>`
      select count(*)::int as count from outbox where payload->'data'->>'body' = any(${bodies})`
    return {
      messages: messages[0]?.count,
      twice: messages[0]?.twice,
      merged: events?.merged,
      // Of these six tickets one message each was there before, and came to another ticket from the merged one.
      told: (events?.told ?? 0) - 6,
      mails: mails?.count,
    }
  }
  return { calls, done }
}

const NOTHING = { messages: 0, twice: 0, merged: 0, told: 0, mails: 0 }
const ONCE = { messages: 6, twice: 0, merged: 1, told: 5, mails: 3 }

// Guards: idempotency keys, versions and states are committed with what they keep from being done twice; mails by their outbox rows.
test('killed in the midst of changes of tickets, then after they were done and before they were answered: tried again, each is done once', {
  timeout: 2 * TEST_MS,
}, async () => {
  await using world = await createWorld({ env: { MAIL_INBOUND_SECRETS: SECRET } })
  await world.start()
  const customer = await world.signUp()
  const agent = await world.signUp()
  await world.sql`update users set role = 'agent' where id = ${agent.id}`
  await world.sql`update support_queues set assignment = 'manual'`
  const waiting = async () => {
    const [row] = await world.sql<{ count: number }[]>`
      select count(*)::int as count from pg_locks where locktype = 'advisory' and objid = 4711020 and not granted
        and database = (select oid from pg_database where datname = current_database())`
    return row?.count ?? 0
  }

  const first = await oneOfAll(world, 'first', customer, agent)
  const events = await obstruct(world.sql, HOLD_EVENTS)
  const cut = settled(first.calls())
  await until('all wait with all written and nothing committed', async () => (await waiting()) === 7)
  expect(await deliver(world, customer.email, 'By mail')).toBe(200)
  await until('the mail, too', async () => (await waiting()) === 8)
  await world.kill()
  expect(new Set(await cut)).toEqual(new Set(['NETWORK']))
  await events.clear()
  expect(await first.done()).toEqual(NOTHING)
  await world.start()
  expect(await settled(first.calls())).toEqual(Array(7).fill('ok'))
  expect(await first.done()).toEqual(ONCE)
  const mailed = () => world.sql`select 1 from tickets where subject = 'By mail'`
  await until('the mail is read after all', async () => (await mailed()).length > 0)

  const second = await oneOfAll(world, 'second', customer, agent)
  const unheard = settled(second.calls())
  await until(
    'all is done',
    async () => (await second.done()).messages === 6 && (await second.done()).merged === 1,
  )
  await world.kill()
  await unheard
  expect(await second.done()).toEqual(ONCE)
  await world.start()
  // What has no key says by its version, or by the state that it is in, that it was done.
  expect(await settled(second.calls())).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
    'TICKET_CONFLICT',
    'TICKET_CLOSED',
    'ok',
  ])
  expect(await second.done()).toEqual(ONCE)
  expect(await deliver(world, customer.email, 'By mail')).toBe(200)
  expect(await mailed()).toHaveLength(1)
})
