import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { signedMail } from '../support/mail-gateway.ts'
import { type Person, signUp } from '../support/people.ts'

const SECRET = 'secret-of-the-mail-gateway'

interface Letter {
  from: string
  to?: string
  subject?: string
  text?: string
  headers?: string[]
  messageId?: string | null
}

/** A mail as mail programs write them. */
function letter({
  from,
  to = 'support@devforge.localhost',
  subject = 'Help',
  text = 'Please help.',
  headers = [],
  messageId,
}: Letter): string {
  return [
    `From: Somebody <${from}>`,
    `To: ${to}`,
    `Subject: ${subject}`,
    ...(messageId === null ? [] : [`Message-ID: ${messageId ?? `<${randomUUID()}@client.example>`}`]),
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    '',
    text,
  ].join('\r\n')
}

describe('mail', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp({
      env: {
        MAIL_INBOUND_SECRETS: `old-secret,${SECRET}`,
        MAIL_AUTHSERV_ID: 'mx.devforge.test',
        MAX_MAIL_BYTES: '20000',
      },
    })
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  function deliver(raw: string, { secret = SECRET, skewSeconds = 0 } = {}): Promise<Response> {
    return t.fetch(
      `${TEST_URL}/webhooks/mail`,
      signedMail(raw, { secret, now: new Date(t.clock.now().getTime() + skewSeconds * 1_000) }),
    )
  }

  /** Delivers and lets the jobs run. @returns the newest mail that came in, as admins see it */
  async function receive(given: Letter | string) {
    const response = await deliver(typeof given === 'string' ? given : letter(given))
    expect(response.status).toBe(200)
    expect(await t.drain()).toEqual([])
    const { items } = await desk.admin.forge.admin.inboundMails({ limit: 1 })
    return items[0]
  }

  const verified = async (): Promise<Person> => {
    const person = await signUp(t)
    await t.deps.sql`update users set email_verified = true where id = ${person.id}`
    return person
  }

  /** Mails about tickets. */
  const mailsTo = async (email: string) => (await t.mails(email)).filter(({ thread }) => thread !== undefined)
  /** The newest mail that tells of an answer. */
  const answerTo = async (email: string) =>
    (await mailsTo(email)).filter(({ subject }) => subject.startsWith('Re: ')).at(-1)

  test('a letter opens a ticket, its answer arrives by mail, the answer to that goes on with it', async () => {
    const customer = await verified()
    await receive({
      from: customer.email.toUpperCase(),
      subject: 'Re: Fwd: License key\tlost',
      text: 'I lost it.\r\n-- \r\nAda',
    })
    const [ticket] = (await customer.forge.tickets.list()).items
    expect(ticket).toMatchObject({ subject: 'License key lost', status: 'new', source: 'mail' })
    const id = ticket?.id ?? ''
    expect((await customer.forge.tickets.get({ id })).messages[0]?.body).toBe('I lost it.')
    const opened = (await mailsTo(customer.email)).find(({ subject }) =>
      subject.includes(`[#${ticket?.number}]`),
    )
    expect(opened?.text).toContain(`#${ticket?.number}`)
    // Anybody can write a mail in somebody's name: what it says is not sent on to them.
    expect(opened?.text).not.toContain('I lost it.')

    await desk.agent.forge.tickets.reply({ id, body: 'Here is **how**.', status: 'pending' })
    await t.drain()
    const answered = await answerTo(customer.email)
    expect(answered).toMatchObject({ subject: `Re: [#${ticket?.number}] License key lost` })
    expect(answered?.text).toContain('Here is **how**.')
    expect(answered?.html).toContain('<strong>how</strong>')
    // Mail programs show it below the letter, and answers come back to the ticket.
    expect(answered?.thread?.references?.length).toBeGreaterThan(0)

    await receive({
      from: customer.email,
      to: answered?.thread?.replyTo ?? '',
      subject: answered?.subject ?? '',
      text: 'Thanks, one more thing.\r\n\r\nOn Mon, 23 Nov 2026 at 10:00, Support <support@devforge.localhost> wrote:\r\n> Here is how.\r\n',
    })
    const after = await customer.forge.tickets.get({ id })
    expect(after.status).toBe('open')
    expect(after.messages.at(-1)).toMatchObject({
      body: 'Thanks, one more thing.',
      source: 'mail',
      author: { type: 'customer' },
    })
  })

  test('what is attached to a letter is attached to its message', async () => {
    const customer = await verified()
    const boundary = 'part-of-a-letter'
    const raw = [
      `From: ${customer.email}`,
      'To: support@devforge.localhost',
      'Subject: A picture',
      'MIME-Version: 1.0',
      `Content-Type: multipart/mixed; boundary=${boundary}`,
      '',
      `--${boundary}`,
      'Content-Type: text/plain',
      '',
      'See the picture.',
      `--${boundary}`,
      'Content-Type: text/html; name="../shot.png"',
      'Content-Disposition: attachment; filename="../shot.png"',
      'Content-Transfer-Encoding: base64',
      '',
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      `--${boundary}--`,
    ].join('\r\n')
    await receive(raw)
    const id = (await customer.forge.tickets.list()).items[0]?.id ?? ''
    const [message] = (await customer.forge.tickets.get({ id })).messages
    expect(message?.attachments).toMatchObject([{ fileName: 'shot.png', contentType: 'image/png' }])
    const { url } = await customer.forge.tickets.attachment({ id: message?.attachments[0]?.id ?? '' })
    expect((await t.fetch(url)).headers.get('content-disposition')).toContain('attachment')
  })

  test('without the secret address, the mails that a letter answers tell its ticket', async () => {
    const customer = await verified()
    const { id } = await customer.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Which version?' })
    await t.drain()
    const answered = await answerTo(customer.email)
    await receive({
      from: customer.email,
      text: '1.4',
      headers: [`In-Reply-To: <other@example.com>`, `References: <x@y> ${answered?.messageId}`],
    })
    expect((await customer.forge.tickets.get({ id })).messages.at(-1)?.body).toBe('1.4')
  })

  test('the same letter, delivered again or by another way, is one message', async () => {
    const customer = await verified()
    const raw = letter({ from: customer.email, text: 'Once.', messageId: '<once@client.example>' })
    await Promise.all(Array.from({ length: 5 }, () => deliver(raw)))
    await receive(`Received: from elsewhere\r\n${raw}`)
    const { items } = await customer.forge.tickets.list()
    expect(items).toHaveLength(1)
  })

  test('the Message-ID of a letter that another person writes keeps nothing out', async () => {
    const [a, b] = [await verified(), await verified()]
    await receive({ from: a.email, messageId: '<same@client.example>' })
    await receive({ from: b.email, messageId: '<same@client.example>' })
    expect((await b.forge.tickets.list()).items).toHaveLength(1)
  })

  test('what others send to a ticket is a note for agents', async () => {
    const customer = await verified()
    const stranger = await verified()
    const { id } = await customer.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
    await t.drain()
    const replyTo = (await answerTo(customer.email))?.thread?.replyTo ?? ''
    await receive({ from: stranger.email, to: replyTo, text: 'Give me the key.' })
    // Says it is the customer, and the mail server knows better.
    await receive({
      from: customer.email,
      to: replyTo,
      text: 'I am the customer.',
      headers: ['Authentication-Results: mx.devforge.test; dmarc=fail'],
    })
    const seen = await customer.forge.tickets.get({ id })
    expect(seen).toMatchObject({ status: 'pending' })
    expect(seen.messages).toHaveLength(2)
    const notes = (await desk.agent.forge.tickets.get({ id })).messages.filter(({ kind }) => kind === 'note')
    expect(notes.map(({ body }) => body)).toEqual([
      expect.stringContaining('> Give me the key.'),
      expect.stringContaining('> I am the customer.'),
    ])
    expect((await stranger.forge.tickets.list()).items).toEqual([])
  })

  test('a made-up address leads to no ticket', async () => {
    const customer = await verified()
    const { id } = await customer.forge.tickets.create(aTicket())
    await receive({
      from: customer.email,
      to: `support+${id}.0123456789abcdef@devforge.localhost`,
      text: 'guessed',
    })
    expect((await customer.forge.tickets.get({ id })).messages).toHaveLength(1)
  })

  test('machines answer nothing: out of office, bounces, our own mails, lists', async () => {
    const customer = await verified()
    const { id } = await customer.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
    await t.drain()
    const to = (await answerTo(customer.email))?.thread?.replyTo ?? ''
    const before = (await mailsTo(customer.email)).length
    await receive({ from: customer.email, to, text: 'I am away.', headers: ['Auto-Submitted: auto-replied'] })
    await receive({ from: 'mailer-daemon@mx.example', to, text: 'User unknown' })
    expect(await customer.forge.tickets.get({ id })).toMatchObject({ status: 'pending' })
    expect((await desk.agent.forge.tickets.get({ id })).desk).toMatchObject({ waitingSince: null })
    expect(await receive({ from: 'noreply@devforge.localhost' })).toMatchObject({
      status: 'ignored',
      reason: 'own',
    })
    expect(await receive({ from: 'list@news.example', headers: ['List-Id: <news>'] })).toMatchObject({
      status: 'ignored',
      reason: 'automatic',
    })
    expect(await mailsTo(customer.email)).toHaveLength(before)
    expect(await mailsTo('list@news.example')).toEqual([])
  })

  test('a letter to a ticket that is over opens another one', async () => {
    const customer = await verified()
    const { id } = await customer.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Done.', status: 'solved' })
    await t.drain()
    const to = (await answerTo(customer.email))?.thread?.replyTo ?? ''
    await t.deps.sql`update tickets set last_solved_at = last_solved_at - interval '15 days' where id = ${id}`
    await receive({ from: customer.email, to, text: 'It is back.' })
    const [newest] = (await customer.forge.tickets.list()).items
    expect(newest).toMatchObject({ followUpOfId: id, status: 'new' })
  })

  test('whoever signed up with an address of somebody else does not read what that one writes', async () => {
    const squatter = await signUp(t)
    await receive({ from: squatter.email, text: 'My private words' })
    expect((await squatter.forge.tickets.list()).items).toEqual([])
    const [row] = await t.deps.sql`select id from tickets where requester_id = ${squatter.id}`
    await expect(squatter.forge.tickets.get({ id: row?.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await t.deps.sql`update users set email_verified = true where id = ${squatter.id}`
    expect((await squatter.forge.tickets.list()).items).toHaveLength(1)
  })

  test('somebody without an account writes, and has a ticket', async () => {
    await receive({ from: 'new@customer.example', text: 'Hello' })
    const opened = await mailsTo('new@customer.example')
    expect(opened).toHaveLength(1)
  })

  test('only the gateway may deliver', async () => {
    const raw = letter({ from: 'a@example.com' })
    expect((await deliver(raw, { secret: 'wrong' })).status).toBe(400)
    expect((await deliver(raw, { skewSeconds: 301 })).status).toBe(400)
    expect((await deliver(raw, { skewSeconds: -301 })).status).toBe(400)
    expect((await deliver('x'.repeat(20_001))).status).toBe(413)
    expect((await t.fetch(`${TEST_URL}/webhooks/mail`, { method: 'POST', body: raw })).status).toBe(400)
    await using closed = await createTestApp({ databaseUrl: t.databaseUrl })
    expect((await closed.fetch(`${TEST_URL}/webhooks/mail`, { method: 'POST', body: raw })).status).toBe(404)
  })

  test('one sender cannot flood the desk; what is parked is read once an admin says so', async () => {
    const flood = await verified()
    for (let i = 0; i < 31; i++) await deliver(letter({ from: flood.email, text: `Mail ${i}` }))
    await t.drain()
    const parked = (await desk.admin.forge.admin.inboundMails({ status: 'parked' })).items
    expect(parked.map(({ reason }) => reason)).toEqual(['too_many'])
    await t.deps.limits.reset('mail-in:sender', flood.email)
    await desk.admin.forge.admin.retryInboundMail({ id: parked[0]?.id ?? '' })
    await t.drain()
    const { items } = await flood.forge.tickets.list({ limit: 100 })
    expect(items).toHaveLength(31)
  })

  test('a click ends the mails about a ticket, for whoever has the link', async () => {
    const customer = await verified()
    const { id } = await customer.forge.tickets.create(aTicket())
    await t.drain()
    const url = (await mailsTo(customer.email)).at(-1)?.thread?.unsubscribeUrl ?? ''
    expect((await t.fetch(url)).status).toBe(200)
    await desk.agent.forge.tickets.reply({ id, body: 'One' })
    await t.drain()
    const before = (await mailsTo(customer.email)).length
    const post = (to: string) =>
      t.fetch(to, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'List-Unsubscribe=One-Click',
      })
    expect((await post(url.replace(/tag=.{4}/, 'tag=AAAA'))).status).toBe(404)
    expect((await post(url)).status).toBe(200)
    await desk.agent.forge.tickets.reply({ id, body: 'Two' })
    await t.drain()
    expect(await mailsTo(customer.email)).toHaveLength(before)

    // Whoever writes by mail again waits for an answer there.
    const to = (await answerTo(customer.email))?.thread?.replyTo ?? ''
    await receive({ from: customer.email, to, text: 'One more thing.' })
    await desk.agent.forge.tickets.reply({ id, body: 'Three' })
    await t.drain()
    expect((await answerTo(customer.email))?.text).toContain('Three')
  })
})
