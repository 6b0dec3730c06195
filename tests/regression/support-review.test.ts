import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dayFromNow, runJob } from '../analytics/support.ts'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { published } from '../support/knowledge.ts'
import { signedMail } from '../support/mail-gateway.ts'
import { type Person, signUp } from '../support/people.ts'
import { breachesOf, clocksOf, HOUR, near, nextMonday, sweep } from '../tickets/sla/support.ts'

const SECRET = 'secret-of-the-mail-gateway'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp({ env: { MAIL_INBOUND_SECRETS: SECRET } })
  nextMonday(t)
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

async function confirmed(): Promise<Person> {
  const person = await signUp(t)
  await t.deps.sql`update users set email_verified = true where id = ${person.id}`
  return person
}

async function pay(person: Person, plan: string): Promise<void> {
  await desk.admin.forge.licenses.issue({ userId: person.id, plan, reason: 'a gift' })
}

const planOf = async (id: string) => (await desk.agent.forge.tickets.get({ id })).desk?.requester.plan
const waitingSince = async (id: string) => (await desk.agent.forge.tickets.get({ id })).desk?.waitingSince

/** Delivers a mail as the gateway does, and lets the jobs run. @returns what became of it */
async function receive(lines: string[]) {
  const raw = [`Message-ID: <${randomUUID()}@client.example>`, ...lines].join('\r\n')
  const response = await t.fetch(
    `${TEST_URL}/webhooks/mail`,
    signedMail(raw, { secret: SECRET, now: t.clock.now() }),
  )
  expect(response.status).toBe(200)
  expect(await t.drain()).toEqual([])
  const { items } = await desk.admin.forge.admin.inboundMails({ limit: 1 })
  return items[0]
}

test('what an article is called that is not for customers, they do not learn from a link to it', async () => {
  const customer = await signUp(t)
  const secret = await published(desk.agent, { slug: 'how-we-spot-resellers', visibility: 'agents' })
  const shown = await published(desk.agent, { visibility: 'customers' })
  const { id } = await customer.forge.tickets.create(aTicket())
  for (const targetId of [secret.slug, secret.id, 'an-idea-of-an-article', shown.slug, shown.id])
    await desk.agent.forge.tickets.link({ id, kind: 'article', targetId })
  const seen = await customer.forge.tickets.get({ id })
  expect(seen.links.map((link) => link.id).sort()).toEqual([shown.id, shown.slug].sort())
  expect(JSON.stringify(seen)).not.toContain('resellers')
  // It is taken away from customers: so is its name.
  const { version } = await desk.agent.forge.knowledge.update({
    id: shown.id,
    version: shown.version,
    visibility: 'agents',
  })
  await desk.agent.forge.knowledge.publish({ id: shown.id, version })
  expect((await customer.forge.tickets.get({ id })).links).toEqual([])
  expect((await desk.agent.forge.tickets.get({ id })).desk?.links.articles).toHaveLength(5)
})

describe('a merge', () => {
  test('of an older ticket into a newer one puts nothing off: who asked first is answered by then, until it is undone', async () => {
    const customer = await signUp(t)
    await pay(customer, 'enterprise')
    await t.drain()
    const older = await customer.forge.tickets.create(aTicket('older'))
    const promised = near((await clocksOf(desk.agent, older.id)).firstResponseDueAt)
    t.clock.advance(HOUR)
    const newer = await customer.forge.tickets.create(aTicket('newer'))
    const own = near((await clocksOf(desk.agent, newer.id)).firstResponseDueAt)
    expect(own).not.toBe(promised)
    await desk.agent.forge.tickets.merge({ from: older.id, into: newer.id })
    expect(near((await clocksOf(desk.agent, newer.id)).firstResponseDueAt)).toBe(promised)
    await desk.agent.forge.tickets.unmerge({ id: older.id })
    expect(near((await clocksOf(desk.agent, newer.id)).firstResponseDueAt)).toBe(own)
    expect(near((await clocksOf(desk.agent, older.id)).firstResponseDueAt)).toBe(promised)
    // The other way round it was so before.
    await desk.agent.forge.tickets.merge({ from: newer.id, into: older.id })
    expect(near((await clocksOf(desk.agent, older.id)).firstResponseDueAt)).toBe(promised)
    t.clock.set(new Date(`${promised}:00Z`))
    t.clock.advance(2 * HOUR)
    await sweep(t)
    expect(await breachesOf(t, older.id)).toMatchObject([{ metric: 'first_response', cycle: 1 }])
    expect(await breachesOf(t, newer.id)).toEqual([])
  })

  test('that is undone leaves a ticket that an agent answered meanwhile open, and not new', async () => {
    const customer = await signUp(t)
    const [a, b] = [
      await customer.forge.tickets.create(aTicket()),
      await customer.forge.tickets.create(aTicket()),
    ]
    await desk.agent.forge.tickets.merge({ from: a.id, into: b.id })
    await desk.agent.forge.tickets.reply({ id: b.id, body: 'To both of them' })
    expect(await desk.agent.forge.tickets.unmerge({ id: a.id })).toMatchObject({ status: 'open' })
  })

  test('that is undone after a better plan was paid for raises what comes back', async () => {
    const customer = await signUp(t)
    const [a, b] = [
      await customer.forge.tickets.create(aTicket()),
      await customer.forge.tickets.create(aTicket()),
    ]
    await desk.agent.forge.tickets.merge({ from: a.id, into: b.id })
    await pay(customer, 'enterprise')
    expect(await t.drain()).toEqual([])
    await desk.agent.forge.tickets.unmerge({ id: a.id })
    expect([await planOf(a.id), await planOf(b.id)]).toEqual(['enterprise', 'enterprise'])
    expect((await clocksOf(desk.agent, a.id)).resolutionDueAt).not.toBeNull()
  })

  test('and its undo leave the numbers of reports as they were', async () => {
    const customer = await signUp(t)
    const [a, b] = [
      await customer.forge.tickets.create(aTicket()),
      await customer.forge.tickets.create(aTicket()),
    ]
    await desk.agent.forge.tickets.reply({ id: a.id, body: 'Done', status: 'solved' })
    const range = { from: dayFromNow(t), to: dayFromNow(t) }
    const totals = async () => {
      await runJob(t, 'analytics.rollUp')
      return (await desk.admin.forge.analytics.support(range)).totals
    }
    const before = await totals()
    await desk.agent.forge.tickets.merge({ from: a.id, into: b.id })
    expect(await totals()).toEqual({ ...before, closed: before.closed + 1 })
    await desk.agent.forge.tickets.unmerge({ id: a.id })
    expect(await totals()).toEqual(before)
  })
})

test('what is split off while a better plan is paid for is raised, too', async () => {
  const customer = await signUp(t)
  const { id } = await customer.forge.tickets.create(aTicket())
  const { message } = await customer.forge.tickets.reply({ id, body: 'And another thing' })
  // Whoever holds the lock of events keeps the split from being committed.
  const held = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  const holding = t.deps.sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(4711020)`
    held.resolve()
    await free.promise
  })
  await held.promise
  const splitting = desk.agent.forge.tickets.split({ id, messageIds: [message.id], subject: 'Another thing' })
  await sleep(500)
  await pay(customer, 'enterprise')
  const following = t.drain()
  await sleep(500)
  free.resolve()
  await holding
  const made = await splitting
  expect(await following).toEqual([])
  expect(await t.drain()).toEqual([])
  expect([await planOf(id), await planOf(made.id)]).toEqual(['enterprise', 'enterprise'])
})

describe('a customer who reopens a ticket without a word', () => {
  const reopened = async (): Promise<{ customer: Person; id: string; messageId: string }> => {
    const customer = await signUp(t)
    const { id } = await customer.forge.tickets.create(aTicket())
    const { message } = await customer.forge.tickets.reply({ id, body: 'And another thing' })
    await desk.agent.forge.tickets.reply({ id, body: 'Done', status: 'solved' })
    await customer.forge.tickets.reopen({ id })
    return { customer, id, messageId: message.id }
  }

  test('waits, and is seen to; until somebody answers', async () => {
    const { customer, id } = await reopened()
    expect(await waitingSince(id)).not.toBeNull()
    const waiting = () => desk.agent.forge.tickets.queue({ view: 'waiting', requesterId: customer.id })
    expect((await waiting()).items.map((ticket) => ticket.id)).toEqual([id])
    await desk.agent.forge.tickets.reply({ id, body: 'What is wrong?' })
    expect((await waiting()).items).toEqual([])
    expect((await clocksOf(desk.agent, id)).next).toMatchObject({ state: 'met' })
  })

  test('is owed an answer also where the ticket goes by a merge, and what is split off it', async () => {
    const { customer, id, messageId } = await reopened()
    const since = await waitingSince(id)
    await desk.agent.forge.tickets.split({ id, messageIds: [messageId], subject: 'Another thing' })
    expect(await waitingSince(id)).toEqual(since)
    expect((await clocksOf(desk.agent, id)).next).toMatchObject({ endedAt: null })
    const other = await customer.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id: other.id, body: 'Which version?', status: 'pending' })
    const merged = await desk.agent.forge.tickets.merge({ from: id, into: other.id })
    expect(merged).toMatchObject({ status: 'open', desk: { waitingSince: since } })
  })
})

describe('a mail without an address to return it to', () => {
  test('is a machine’s: of the customer it answers nothing, of somebody else it opens nothing', async () => {
    const customer = await confirmed()
    const { id } = await customer.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
    await t.drain()
    const to = (await t.mails(customer.email)).findLast(({ subject }) => subject.startsWith('Re: '))?.thread
      ?.replyTo
    await receive(['Return-Path: <>', `From: ${customer.email}`, `To: ${to}`, '', 'I am away until Monday.'])
    const seen = await desk.agent.forge.tickets.get({ id })
    expect(seen).toMatchObject({ status: 'pending', desk: { waitingSince: null } })
    // They are not told that it could not be delivered: it was.
    expect(seen.messages.at(-1)).toMatchObject({
      kind: 'message',
      isAuto: true,
      body: 'I am away until Monday.',
    })
    expect(
      await receive([
        'Return-Path: < >',
        'From: x@away.example',
        'To: support@devforge.localhost',
        '',
        'Away',
      ]),
    ).toMatchObject({ status: 'ignored', reason: 'automatic' })
    expect(
      await receive([
        'Return-Path: <ada@home.example>',
        'From: ada@home.example',
        'To: support@devforge.localhost',
        '',
        'Help',
      ]),
    ).toMatchObject({ status: 'processed' })
  })
})

test('what somebody attached to a mail is part of what they are given of themselves; notes and others’ files are not', async () => {
  const customer = await confirmed()
  const named = (fileName: string) => [
    `From: ${customer.email}`,
    'To: support@devforge.localhost',
    'Subject: With a file',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'See file',
    '--b',
    `Content-Type: text/plain; name=${fileName}`,
    `Content-Disposition: attachment; filename=${fileName}`,
    '',
    'line',
    '--b--',
    '',
  ]
  const mail = await receive(named('mailed.log'))
  const upload = async (person: Person, fileName: string) =>
    (await person.forge.tickets.uploadAttachment(new Blob(['x']), { fileName })).id
  const { id } = await customer.forge.tickets.create({
    ...aTicket(),
    attachmentIds: [await upload(customer, 'uploaded.log')],
  })
  const answer = { id, body: 'Try this', attachmentIds: [await upload(desk.agent, 'answered.txt')] }
  await desk.agent.forge.tickets.reply(answer)
  const note = { id, body: 'Odd', attachmentIds: [await upload(desk.agent, 'noted.txt')] }
  await desk.agent.forge.tickets.note(note)
  const other = await signUp(t)
  await other.forge.tickets.create({ ...aTicket(), attachmentIds: [await upload(other, 'other.log')] })
  const { ticketAttachments } = await customer.forge.users.exportData()
  expect(ticketAttachments.map(({ fileName }) => fileName).sort()).toEqual([
    'answered.txt',
    'mailed.log',
    'uploaded.log',
  ])
  expect(ticketAttachments.map(({ ticketId }) => ticketId)).toContain(mail?.ticketId)
  // In the name of an address that is not confirmed somebody else may have sent it.
  await t.deps.sql`update users set email_verified = false where id = ${customer.id}`
  const { ticketAttachments: left } = await customer.forge.users.exportData()
  expect(left.map(({ fileName }) => fileName).sort()).toEqual(['answered.txt', 'uploaded.log'])
})

test('a rating with blanks for a comment has none', async () => {
  const customer = await signUp(t)
  const { id } = await customer.forge.tickets.create(aTicket())
  await customer.forge.tickets.solve({ id })
  expect(await customer.forge.tickets.rate({ id, score: 5, comment: '  ' })).toMatchObject({
    rating: { score: 5, comment: null },
  })
})

test('no ticket is moved to a queue that is not used any more, alone or with others', async () => {
  const customer = await signUp(t)
  const { id } = await customer.forge.tickets.create(aTicket())
  const { queueId } = (await desk.agent.forge.tickets.get({ id })).desk ?? {}
  const old = await desk.admin.forge.admin.setQueue({ slug: 'old-desk', name: 'Old desk', active: false })
  await expect(desk.agent.forge.tickets.setQueue({ id, queueId: old.id })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  const { results } = await desk.agent.forge.tickets.bulk({
    ids: [id],
    action: { type: 'queue', queueId: old.id },
  })
  expect(results).toMatchObject([{ ok: false, code: 'NOT_FOUND' }])
  expect((await desk.agent.forge.tickets.get({ id })).desk).toMatchObject({ queueId })
})
