import { systemContext } from '@devforge/server/context'
import { deliverOutbox } from '@devforge/server/mail/outbox'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { obstruct } from './obstacle.ts'
import { startSmtp } from './smtp.ts'
import { TEST_MS } from './until.ts'
import {
  booksOf,
  type Customer,
  checkoutOfPro,
  createWorld,
  ONCE,
  pay,
  quiet,
  settledBooks,
  type World,
} from './world.ts'

/** Buys Pro and waits until everything else that is to be mailed has been. */
async function readyToBuy(world: World): Promise<{ person: Customer; url: string }> {
  const person = await world.signUp()
  const { url } = await checkoutOfPro(person)
  await quiet(world)
  return { person, url }
}

test('killed before the mail server took the mail, then after it took it and before we noted so', {
  timeout: TEST_MS,
}, async () => {
  await using smtp = await startSmtp()
  await using world = await createWorld({ env: { SMTP_URL: smtp.url } })
  const keyMails = ({ email }: Customer) =>
    smtp.mails.filter(({ to, text }) => to === email && /DF-[0-9A-Z]{5}-/.test(text))

  // Guards: the mail is promised in the transaction of the license, so a crash cannot lose it.
  await world.start()
  const first = await readyToBuy(world)
  const greeting = smtp.hold('greeting')
  await pay(world, first.url)
  await greeting.reached
  await world.kill()
  greeting.release()
  expect(keyMails(first.person)).toHaveLength(0)
  expect(await booksOf(world, first.person)).toMatchObject({ issued: 1, keyMails: 1, keyMailsSent: 0 })
  await world.start()
  expect(await settledBooks(world, first.person)).toEqual(ONCE)
  expect(keyMails(first.person)).toHaveLength(1)

  // Guards: Message-IDs are made of what the mail is about, so that the one sent again is the same one to its receiver.
  const second = await readyToBuy(world)
  const taken = smtp.hold('taken')
  await pay(world, second.url)
  await taken.reached
  await world.kill()
  taken.release()
  expect(await booksOf(world, second.person)).toMatchObject({ keyMails: 1, keyMailsSent: 0 })
  await world.start()
  expect(await settledBooks(world, second.person)).toEqual(ONCE)
  const copies = keyMails(second.person)
  expect(copies).toHaveLength(2)
  expect(new Set(copies.map(({ messageId }) => messageId)).size).toBe(1)
})

// Guards: files are named after the Message-ID.
test('killed after a kept mail was written and before we noted so: one file', {
  timeout: TEST_MS,
}, async () => {
  await using world = await createWorld()
  await world.start()
  const { person, url } = await readyToBuy(world)
  // Whoever notes that a mail is sent waits for this lock, and nobody else does.
  await world.sql.unsafe(`
    create function wait_for_note() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;
    create trigger wait_for_note before update on outbox for each row
    when (new.sent_at is not null and new.payload ->> 'template' = 'license-issued')
    execute function wait_for_note()`)
  const note = await obstruct(world.sql, 'select pg_advisory_xact_lock(4711)')
  await pay(world, url)
  await note.reached()
  await world.kill()
  await note.clear()
  const keyMails = async () => (await world.mails(person.email)).filter(({ text }) => text.includes('DF-'))
  const [written] = await keyMails()
  expect(written?.messageId).toMatch(/^<.+>$/)
  expect(await booksOf(world, person)).toMatchObject({ keyMails: 1, keyMailsSent: 0 })
  await world.start()
  expect(await settledBooks(world, person)).toEqual(ONCE)
  expect(await keyMails()).toMatchObject([{ messageId: written?.messageId, text: written?.text }])
})

// Guards: the claim on a mail. Jobs run at least once: two of them may have the same mail, in two copies of the server.
test('two servers asked for one mail at once: it is sent once, and a sender that died is followed by another', {
  timeout: TEST_MS,
}, async () => {
  await using smtp = await startSmtp()
  const env = { SMTP_URL: smtp.url }
  await using t = await createTestApp({ env })
  await using other = await createTestApp({ env, databaseUrl: t.databaseUrl, clock: t.clock })
  /** The mail that somebody's sign-up promised. */
  const promised = async () => {
    const { email } = await signUp(t)
    const [row] = await t.deps.sql`select id from outbox where payload ->> 'to' = ${email}`
    return { email, outboxId: String(row?.id) }
  }
  const send = ({ deps }: typeof t, outboxId: string) =>
    deliverOutbox(systemContext(deps, { type: 'system', job: 'test' }), outboxId)
  const sentTo = (email: string) => smtp.mails.filter(({ to }) => to === email)

  const first = await promised()
  const slow = smtp.hold('taken')
  const sending = send(t, first.outboxId)
  await slow.reached
  await Promise.all([other, t, other].map((server) => send(server, first.outboxId)))
  slow.release()
  await sending
  await send(other, first.outboxId)
  expect(sentTo(first.email)).toHaveLength(1)

  // As a process leaves a mail that died over it: begun, and neither sent nor failed.
  const second = await promised()
  await t.deps.sql`
    update outbox set attempts = 1, updated_at = ${t.clock.now().toISOString()} where id = ${second.outboxId}`
  await send(other, second.outboxId)
  expect(sentTo(second.email)).toHaveLength(0)
  t.clock.advance(16_000)
  await send(other, second.outboxId)
  expect(sentTo(second.email)).toHaveLength(1)
})
