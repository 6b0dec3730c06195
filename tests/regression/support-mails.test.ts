import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemContext } from '@devforge/server/context'
import { receiveMail, sweepMails } from '@devforge/server/modules/support/service/mail/receive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { signedMail } from '../support/mail-gateway.ts'

const SECRET = 'secret-of-the-mail-gateway'
const DAY = 24 * 60 * 60_000

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp({ env: { MAIL_INBOUND_SECRETS: SECRET, MAIL_AUTHSERV_ID: 'mx.devforge.test' } })
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const system = () => systemContext(t.deps, { type: 'system', job: 'support.mail' })

function letter({ subject, headers = [] }: { subject: string; headers?: string[] }): string {
  return [
    'From: Somebody <somebody@client.example>',
    'To: support@devforge.localhost',
    `Subject: ${subject}`,
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Please help.',
  ].join('\r\n')
}

async function deliver(raw: string): Promise<void> {
  const response = await t.fetch(
    `${TEST_URL}/webhooks/mail`,
    signedMail(raw, { secret: SECRET, now: t.clock.now() }),
  )
  expect(response.status).toBe(200)
}

const folder = () => join(t.deps.env.FILES_DIR, 'mail')
const stored = () => readdir(folder()).catch(() => [])
const newest = async () => {
  const [row] = await t.deps.sql<{ id: string; status: string; reason: string | null; attempts: number }[]>`
    select id, status, reason, attempts from inbound_mails order by id desc limit 1`
  return row ?? expect.fail('no mail came in')
}
const ticketsAbout = async (subject: string): Promise<number> =>
  (await t.deps.sql`select 1 from tickets where subject = ${subject}`).length

test('a storage that is away for long parks no mail', async () => {
  const before = new Set(await stored())
  await deliver(letter({ subject: 'Storage', headers: [`Message-ID: <${randomUUID()}@client.example>`] }))
  const name = (await stored()).find((one) => !before.has(one)) ?? expect.fail('no file was stored')
  const [path, away] = [join(folder(), name), join(folder(), 'away')]
  await rename(path, away)
  // What is there cannot be read.
  await mkdir(path)
  const { id: mailId } = await newest()
  for (let n = 0; n < 8; n++) await expect(receiveMail(system(), { mailId })).rejects.toThrow()
  expect(await newest()).toMatchObject({ status: 'received', attempts: 0 })
  await rm(path, { recursive: true })
  await rename(away, path)
  await receiveMail(system(), { mailId })
  expect(await newest()).toMatchObject({ status: 'processed' })
  expect(await ticketsAbout('Storage')).toBe(1)
})

test('a mail that kills whoever reads it is parked after five who died', async () => {
  await deliver(letter({ subject: 'Deadly' }))
  const { id: mailId } = await newest()
  await t.deps.sql`update inbound_mails set attempts = 5 where id = ${mailId}`
  await receiveMail(system(), { mailId })
  expect(await newest()).toMatchObject({ status: 'parked', reason: 'unreadable' })
})

test('delivered by many at once, and by two ways at once, it is one message', async () => {
  const headers = [`Message-ID: <${randomUUID()}@client.example>`]
  const raw = letter({ subject: 'At once', headers })
  await Promise.all(Array.from({ length: 8 }, () => deliver(raw)))
  // Another server on its way wrote a line into it.
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((hop) =>
      deliver(letter({ subject: 'At once', headers: [`Received: by ${hop}.example`, ...headers] })),
    ),
  )
  const mails = await t.deps.sql<{ id: string }[]>`select id from inbound_mails where status = 'received'`
  expect(mails).toHaveLength(5)
  // Each twice, as queues do.
  const runs = await Promise.allSettled(
    mails.flatMap(({ id: mailId }) => [1, 2].map(() => receiveMail(system(), { mailId }))),
  )
  // Of those that came at once all but one are refused by the database, and told apart when they are tried again.
  for (const { id: mailId } of mails) await receiveMail(system(), { mailId })
  expect(runs.some(({ status }) => status === 'fulfilled')).toBe(true)
  expect(await ticketsAbout('At once')).toBe(1)
  const outcomes = await t.deps.sql`
    select status, reason, count(*)::int as mails from inbound_mails where id = any(${mails.map(({ id }) => id)})
    group by 1, 2 order by 1`
  expect([...outcomes]).toEqual([
    { status: 'processed', reason: null, mails: 1 },
    { status: 'ignored', reason: 'known', mails: 4 },
  ])
})

test('bytes that were deleted do not come back with the next delivery; what nobody looks at is deleted', async () => {
  const unproven = ['Authentication-Results: mx.devforge.test; dmarc=fail']
  const raw = letter({ subject: 'Nobody looks', headers: unproven })
  const before = new Set(await stored())
  await deliver(raw)
  await t.drain()
  expect(await newest()).toMatchObject({ status: 'parked', reason: 'sender_not_proven' })
  const sweep = () => sweepMails(system(), t.clock.now())
  t.clock.advance(29 * DAY)
  await sweep()
  const kept = () => stored().then((names) => names.filter((name) => !before.has(name)))
  expect(await kept()).toHaveLength(1)
  t.clock.advance(2 * DAY)
  await sweep()
  expect(await kept()).toEqual([])
  const { id } = await newest()
  expect(await newest()).toMatchObject({ status: 'ignored', reason: 'expired' })
  await deliver(raw)
  expect(await kept()).toEqual([])
  await desk.admin.forge.auth.signIn({ email: desk.admin.email, password: desk.admin.password })
  await expect(desk.admin.forge.admin.retryInboundMail({ id })).rejects.toMatchObject({ code: 'CONFLICT' })
})
