import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { placeExtension } from '../support/extensions.ts'
import { openMarketplace } from '../support/marketplace.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

test('asked for at once, a refund opens one ticket; a day later another one', async () => {
  const customer = await signUp(t)
  const { paymentId } = await buy(t, customer, { plan: 'pro' })
  const ask = () => customer.forge.payments.requestRefund({ paymentId, reason: 'Not for me' })
  const asked = await Promise.all(Array.from({ length: 8 }, ask))
  expect(new Set(asked.map(({ ticketId }) => ticketId)).size).toBe(1)
  expect((await customer.forge.tickets.list()).items).toHaveLength(1)
  t.clock.advance(25 * 60 * 60_000)
  await customer.forge.auth.signIn({ email: customer.email, password: customer.password })
  expect((await ask()).ticketId).not.toBe(asked[0]?.ticketId)
  // Agents find it by the payment, and what they can do stands in it.
  await desk.agent.forge.auth.signIn({ email: desk.agent.email, password: desk.agent.password })
  await desk.admin.forge.auth.signIn({ email: desk.admin.email, password: desk.admin.password })
  const seen = await desk.agent.forge.tickets.get({ id: asked[0]?.ticketId ?? '' })
  expect(seen.desk?.links.payments).toMatchObject([{ id: paymentId, amountMinor: 49_900 }])
})

test('a report of abuse opens a ticket, which tells the decision; the publisher sees neither', async () => {
  const [owner, reporter] = [await signUp(t), await signUp(t)]
  const extension = await placeExtension(t, { owner })
  const input = { id: extension.id, category: 'malware' as const, text: 'It reads my keys.' }
  const filed = await reporter.forge.marketplace.reportAbuse(input)
  expect((await reporter.forge.marketplace.reportAbuse(input)).ticketId).toBe(filed.ticketId)
  const id = filed.ticketId ?? ''
  expect(await reporter.forge.tickets.get({ id })).toMatchObject({
    subject: `Report: ${extension.id} (malware)`,
    category: 'extension',
    status: 'new',
    messages: [{ body: 'It reads my keys.' }],
    links: [{ kind: 'extension', id: extension.id }],
    sharedWithPublisher: [],
  })
  expect((await owner.forge.tickets.publisherQueue({ publisher: extension.publisher })).items).toEqual([])
  await desk.admin.forge.marketplace.decideReport({
    reportId: filed.id,
    decision: 'dismissed',
    answer: 'It reads what you type.',
  })
  const decided = await reporter.forge.tickets.get({ id })
  expect(decided).toMatchObject({ status: 'solved' })
  expect(decided.messages.at(-1)).toMatchObject({
    author: { type: 'system', name: 'Dev Forge' },
    body: 'It reads what you type.',
  })
  // Who is not content answers, as to any other ticket.
  expect((await reporter.forge.tickets.reply({ id, body: 'But it does' })).ticket.status).toBe('open')
})

test('a takedown answers all reports of it, also one whose ticket was closed by then', async () => {
  const owner = await signUp(t)
  const extension = await placeExtension(t, { owner })
  const reporters = await Promise.all([signUp(t), signUp(t), signUp(t)])
  const ids = await Promise.all(
    reporters.map(
      async (person) =>
        (await person.forge.marketplace.reportAbuse({ id: extension.id, category: 'spam', text: 'Spam' }))
          .ticketId ?? '',
    ),
  )
  const [closed = ''] = ids
  await reporters[0]?.forge.tickets.solve({ id: closed })
  const { version } = await desk.admin.forge.tickets.get({ id: closed })
  await desk.admin.forge.tickets.transition({ id: closed, to: 'closed', version })
  await desk.admin.forge.marketplace.takedown({ id: extension.id, reason: 'It is spam', malicious: false })
  const rows = await t.deps.sql`
    select k.status, count(m.id) filter (where m.author_type = 'system')::int as told
    from tickets k join ticket_messages m on m.ticket_id = k.id where k.id in ${t.deps.sql(ids)} group by k.id, k.status order by told`
  expect([...rows]).toEqual([
    { status: 'closed', told: 0 },
    { status: 'solved', told: 1 },
    { status: 'solved', told: 1 },
  ])
  // The publisher's word against it, and the answer.
  const { ticketId } = await owner.forge.marketplace.appeal({ id: extension.id, text: 'It is not' })
  await desk.admin.forge.marketplace.declineAppeal({ id: extension.id, reason: 'It is' })
  const appeal = await owner.forge.tickets.get({ id: ticketId })
  expect(appeal).toMatchObject({ status: 'solved', category: 'extension' })
  expect(appeal.messages.map((message) => message.body)).toEqual(['It is not', 'It is'])
  const again = await owner.forge.marketplace.appeal({ id: extension.id, text: 'Really not' })
  await desk.admin.forge.marketplace.restore({ id: extension.id, reason: 'A mistake of ours' })
  expect((await owner.forge.tickets.get({ id: again.ticketId })).messages.at(-1)?.body).toBe(
    'A mistake of ours',
  )
})

test('an appeal against a rejection opens a ticket, which tells how it ended', async () => {
  const m = await openMarketplace(t)
  const { id } = await m.submit()
  await m.admin.forge.marketplace.reject({ submissionId: id, reason: 'No tests' })
  const { ticketId } = await m.author.forge.marketplace.appeal({ id, text: 'It has some' })
  await m.admin.forge.marketplace.approve({ submissionId: id, reason: 'So it has' })
  const ticket = await m.author.forge.tickets.get({ id: ticketId })
  expect(ticket).toMatchObject({ status: 'solved', category: 'extension' })
  expect(ticket.messages.map((message) => message.body)).toEqual(['It has some', 'So it has'])
  expect(ticket.subject).toMatch(/^Appeal: acme-\w+\.hello 1\.0\.0$/)
})
