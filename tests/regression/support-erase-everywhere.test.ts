import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { placeExtension } from '../support/extensions.ts'
import { signedMail } from '../support/mail-gateway.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'

/** A word that only this person has: in their name, their address, and all that they write. */
const WORD = 'zylophant'
const SECRET = 'secret-of-the-mail-gateway'
const DAY = 24 * 60 * 60_000

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp({
    env: { MAIL_INBOUND_SECRETS: SECRET, MAIL_AUTHSERV_ID: 'mx.devforge.test' },
  })
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

/** Everywhere in the database, the queue of jobs included, as it would stand in a dump of it. */
async function rowsWith(word: string): Promise<string[]> {
  const tables = await t.deps.sql<{ schema: string; name: string }[]>`
    select table_schema as schema, table_name as name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`
  const found: string[] = []
  for (const { schema, name } of tables) {
    const rows = await t.deps.sql.unsafe<{ row: string }[]>(
      `select r::text as row from "${schema}"."${name}" r where r::text ilike $1`,
      [`%${word}%`],
    )
    found.push(...rows.map(({ row }) => `${schema}.${name}: ${row}`))
  }
  return found
}

async function filesWith(word: string): Promise<string[]> {
  const names = await readdir(t.deps.env.FILES_DIR, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of names) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    if ((await readFile(path, 'utf8')).includes(word)) found.push(path)
  }
  return found
}

const messagesOf = async (id: string) =>
  (
    await t.deps.sql<
      { body: string }[]
    >`select body from ticket_messages where ticket_id = ${id} order by sequence`
  ).map(({ body }) => body)

async function deliver({
  from,
  to,
  text,
  headers = [],
}: Record<'from' | 'to' | 'text', string> & { headers?: string[] }) {
  const raw = [
    `From: ${WORD} <${from}>`,
    `To: ${to}`,
    `Subject: About ${WORD}`,
    `Message-ID: <${randomUUID()}@${WORD}.example>`,
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    '',
    text,
  ].join('\r\n')
  const response = await t.fetch(
    `${TEST_URL}/webhooks/mail`,
    signedMail(raw, { secret: SECRET, now: t.clock.now() }),
  )
  expect(response.status).toBe(200)
  expect(await t.drain()).toEqual([])
}

const replyAddressOf = async (email: string): Promise<string> => {
  const mail = (await t.mails(email)).filter(({ thread }) => thread !== undefined).at(-1)
  return mail?.thread?.replyTo ?? expect.fail('no mail about a ticket')
}

/** Says the word wherever support hears it. @returns the tickets that heard it */
async function tellEverything(person: Person) {
  const { tickets } = person.forge
  const [author, other] = [await signUp(t), await signUp(t)]
  const extension = await placeExtension(t, { owner: author })
  const file = new TextEncoder().encode(`A log of ${WORD}`)
  const attachment = await tickets.uploadAttachment(file, { fileName: `${WORD}.log` })
  await tickets.uploadAttachment(file, { fileName: `loose-${WORD}.log` })
  const first = await tickets.create({
    subject: `About ${WORD}`,
    body: `I say ${WORD}`,
    category: 'extension',
    links: { extensionId: extension.id, extensionVersion: '1.0.0' },
    shareWithPublisher: ['messages', 'diagnostics', 'contact'],
    attachmentIds: [attachment.id],
    diagnostics: { app: { version: '1.0.0' }, os: { platform: 'linux', arch: WORD } },
    idempotencyKey: `${WORD}-key`,
  })
  const { id } = first
  await tickets.reply({ id, body: `More of ${WORD}`, idempotencyKey: `${WORD}-reply` })
  const macro = await desk.agent.forge.tickets.saveMacro({
    name: 'Greets',
    body: 'Hello {{customer.first_name}} ({{customer.name}}, {{customer.email}}), about {{ticket.subject}}: ours.',
    actions: {},
  })
  const { version } = await desk.agent.forge.tickets.get({ id })
  await desk.agent.forge.tickets.applyMacro({ id, macroId: macro.id, version })
  await author.forge.tickets.publisherReply({ id, body: 'The publisher says so' })
  await t.drain()
  await deliver({ from: person.email, to: await replyAddressOf(person.email), text: `By mail ${WORD}` })
  // What they send to a ticket of somebody else is a note there.
  const theirs = await other.forge.tickets.create({ subject: 'Mine', body: 'Mine', category: 'bug' })
  await t.drain()
  await deliver({ from: person.email, to: await replyAddressOf(other.email), text: `Me too, ${WORD}` })
  // Nobody could prove that it was them: an admin has to look.
  await deliver({
    from: person.email,
    to: 'support@devforge.localhost',
    text: `Parked ${WORD}`,
    headers: ['Authentication-Results: mx.devforge.test; dmarc=fail'],
  })
  // Two that become one, and one that becomes two.
  const second = await tickets.create({ subject: `${WORD} again`, body: `Again ${WORD}`, category: 'bug' })
  const { message } = await tickets.reply({ id: second.id, body: `Another matter, ${WORD}` })
  await desk.agent.forge.tickets.split({ id: second.id, messageIds: [message.id], subject: 'Split' })
  await desk.agent.forge.tickets.merge({ from: second.id, into: id })
  await desk.agent.forge.tickets.note({ id, body: 'What we think' })
  await desk.agent.forge.tickets.solve({ id })
  await tickets.rate({ id, score: 2, comment: `Bad ${WORD}` })
  const { paymentId } = await buy(t, person, { plan: 'pro' })
  await person.forge.payments.requestRefund({ paymentId, reason: `I want ${WORD}` })
  const report = await person.forge.marketplace.reportAbuse({
    id: extension.id,
    category: 'spam',
    text: `It is ${WORD}`,
  })
  await desk.admin.forge.marketplace.decideReport({
    reportId: report.id,
    decision: 'dismissed',
    answer: 'No.',
  })
  await t.drain()
  return { id, theirs: theirs.id }
}

test('once an account is deleted, nothing that its person told support is anywhere, nor what we made of it', {
  timeout: 120_000,
}, async () => {
  const person = await signUp(t, { email: `${WORD}@example.com`, name: `Zylophant Müller` })
  await t.deps.sql`update users set email_verified = true where id = ${person.id}`
  const { id, theirs } = await tellEverything(person)
  expect((await rowsWith(WORD)).length).toBeGreaterThan(10)
  expect((await filesWith(WORD)).length).toBeGreaterThan(3)

  await person.forge.users.deleteAccount({ password: person.password })
  expect(await t.drain()).toEqual([])
  await desk.admin.forge.auth.signIn({ email: desk.admin.email, password: desk.admin.password })
  // What Stripe sent stands in the books of payments; they are not support's.
  const ours = (await rowsWith(WORD)).filter((row) => !row.startsWith('public.webhook_events:'))
  expect(ours).toEqual([])
  // What we said is still there.
  expect(await messagesOf(id)).toContain('The publisher says so')
  expect((await messagesOf(id)).some((body) => body.endsWith(': ours.'))).toBe(true)
  expect(await messagesOf(id)).toContain('What we think')
  expect(await messagesOf(theirs)).toEqual(['Mine', '[erased]'])

  t.clock.advance(31 * DAY)
  await t.deps.jobs.enqueue(t.deps.db, 'support.mails', {})
  await t.deps.jobs.enqueue(t.deps.db, 'support.sweepFiles', {})
  expect(await t.drain()).toEqual([])
  expect(await filesWith(WORD)).toEqual([])
})
