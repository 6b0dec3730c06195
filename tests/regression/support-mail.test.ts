import { randomUUID } from 'node:crypto'
import { cleanFileName } from '@devforge/server/modules/support/attachments/file-name'
import { readMail } from '@devforge/server/modules/support/service/mail/parse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { placeExtension } from '../support/extensions.ts'
import { signedMail } from '../support/mail-gateway.ts'
import { type Person, signUp } from '../support/people.ts'

const SECRET = 'secret-of-the-mail-gateway'
const SERVER = 'mx.devforge.test'

const letter = (from: string, lines: string[] = [], text = 'Please help.'): string =>
  [
    `From: ${from}`,
    ...(lines.some((line) => line.startsWith('To:')) ? [] : ['To: support@devforge.localhost']),
    ...(lines.some((line) => line.startsWith('Subject:')) ? [] : ['Subject: Help']),
    `Message-ID: <${randomUUID()}@client.example>`,
    ...lines,
    '',
    text,
  ].join('\r\n')

const read = (raw: string) => readMail(Buffer.from(raw), { authservId: SERVER })

describe('a mail that is made to be slow', () => {
  test.each([
    ['a word without an @ that never ends', `Delivered-To: ${'a'.repeat(500_000)}`],
    ['many receivers', `To: ${'a@b.example, '.repeat(30_000)}`],
    ['blanks in what the mail server says', `Authentication-Results: ${SERVER}; ${' '.repeat(500_000)}`],
    ['a subject of encoded words', `Subject: ${'=?utf-8?Q?=41?= '.repeat(30_000)}`],
  ])('%s costs no more than a long one', async (_, line) => {
    const begun = performance.now()
    expect(await read(letter('a@b.example', [line]))).toMatchObject({ text: 'Please help.' })
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('the name of an attached file, too', () => {
    const begun = performance.now()
    expect(cleanFileName(`a${'. '.repeat(200_000)}x`)).toMatch(/^a\. /)
    expect(cleanFileName(` ..a.txt${'. '.repeat(200_000)}`)).toBe('a.txt')
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})

describe('what the mail server says of a sender', () => {
  const said = async (results: string, from = 'ada@customer.example', more: string[] = []) =>
    (await read(letter(from, [`Authentication-Results: ${results}`, ...more]))).authentication

  test.each([
    // What stands in the addresses is the sender's own word.
    [`${SERVER}; dmarc=fail header.from=customer.example; spf=pass smtp.mailfrom=dmarc=pass@evil.example`],
    [`${SERVER}; spf=pass smtp.mailfrom="x; dmarc=pass "@evil.example; dmarc=fail`],
    [`${SERVER}; spf=pass (mail from dmarc=pass; dmarc=pass) smtp.mailfrom=evil.example; dmarc=fail`],
    [`${SERVER}; spf=none reason="\\"; dmarc=pass"; dmarc=fail`],
    // Everybody passes for a domain of their own.
    [`${SERVER}; spf=pass smtp.mailfrom=eve@evil.example`],
    [`${SERVER}; dkim=pass header.d=evil.example; spf=fail smtp.mailfrom=ada@customer.example`],
    [`${SERVER}; dkim=pass header.d=notcustomer.example`],
    [`${SERVER}; dmarc=pass header.from=evil.example`],
    [`${SERVER}; none`],
  ])('%s proves nothing', async (results) => {
    expect(await said(results)).toBe('fail')
  })

  test.each([
    [`${SERVER}; dmarc=pass (p=REJECT) header.from=customer.example`],
    [`${SERVER} 1; dmarc=pass`],
    [`${SERVER}; dmarc=none header.from=customer.example; spf=pass smtp.mailfrom=bounce.customer.example`],
    [`${SERVER};\r\n dkim=pass\r\n header.i=@customer.example;\r\n spf=softfail`],
  ])('%s proves it', async (results) => {
    expect(await said(results)).toBe('pass')
  })

  test('an address that only some read as the sender is nobody', async () => {
    const spelled = 'From: =?utf-8?Q?<ada@customer.example>?= eve@evil.example'
    const said = [`Authentication-Results: ${SERVER}; dmarc=pass`]
    expect(await read(letter(spelled.slice(6), said))).toMatchObject({ authentication: 'fail' })
    expect(await read(letter(spelled.slice(6)))).toMatchObject({ authentication: 'fail' })
  })

  test('addresses are as they travel, and such that an account can have them', async () => {
    expect((await read(letter('Ada <ADA@xn--bcher-kva.example>'))).from).toEqual({
      address: 'ada@xn--bcher-kva.example',
    })
    const said = [`Authentication-Results: ${SERVER}; dmarc=pass header.from=xn--bcher-kva.example`]
    expect((await read(letter('ada@xn--bcher-kva.example', said))).authentication).toBe('pass')
    for (const odd of [`${'a'.repeat(5_000)}@b.example`, '<>', 'nobody', '"a b"@c.example'])
      expect((await read(letter(odd))).from, odd.slice(0, 20)).toBeNull()
  })

  test('another server\u2019s word is no word, and of two senders none is proven', async () => {
    expect(await said('mx.evil.example; dmarc=pass')).toBe('unknown')
    expect(await said(`${SERVER}.evil.example; dmarc=pass`)).toBe('unknown')
    expect(await said(`${SERVER}; dmarc=pass`, 'ada@customer.example, eve@evil.example')).toBe('fail')
    expect(await said(`${SERVER}; dmarc=pass`, 'eve@evil.example', ['From: ada@customer.example'])).toBe(
      'fail',
    )
  })
})

describe('mails about tickets', () => {
  let t: TestApp
  let desk: Desk
  beforeAll(async () => {
    t = await createTestApp({ env: { MAIL_INBOUND_SECRETS: SECRET } })
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  async function receive(raw: string): Promise<void> {
    const response = await t.fetch(
      `${TEST_URL}/webhooks/mail`,
      signedMail(raw, { secret: SECRET, now: t.clock.now() }),
    )
    expect(response.status).toBe(200)
    expect(await t.drain()).toEqual([])
  }
  const verify = (person: Person) =>
    t.deps.sql`update users set email_verified = true where id = ${person.id}`
  const mailsTo = async (email: string) => (await t.mails(email)).filter(({ thread }) => thread !== undefined)

  test('who signed up with an address of somebody else does not read what that one answers to our mails', async () => {
    const squatter = await signUp(t)
    const { id } = await squatter.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Which version?', status: 'pending' })
    await t.drain()
    const mail = (await mailsTo(squatter.email)).at(-1)
    expect(mail?.text).not.toContain('answer to this mail')
    const answer = (text: string) =>
      receive(letter(squatter.email, [`To: ${mail?.thread?.replyTo}`, 'Subject: Re: Help'], text))
    await answer('Who are you? My number is 555-1234.')
    expect(JSON.stringify(await squatter.forge.tickets.get({ id }))).not.toContain('555-1234')
    expect(JSON.stringify(await squatter.forge.users.exportData())).not.toContain('555-1234')
    // Agents see it, and what it is worth.
    const note = (await desk.agent.forge.tickets.get({ id })).messages.at(-1)
    expect(note).toMatchObject({ kind: 'note', body: expect.stringContaining('not confirmed') })
    await verify(squatter)
    await answer('It is version 1.4.')
    expect((await squatter.forge.tickets.get({ id })).messages.at(-1)?.body).toBe('It is version 1.4.')
  })

  test('who only says to be somebody does not keep that one’s mails out', async () => {
    t.deps.env.MAIL_AUTHSERV_ID = SERVER
    const customer = await signUp(t)
    await verify(customer)
    const said = (results: string) => [`Authentication-Results: ${SERVER}; ${results}`]
    for (let n = 0; n < 31; n++) await receive(letter(customer.email, said('dmarc=fail'), `Spoofed ${n}`))
    await receive(letter(customer.email, said('dmarc=pass'), 'Really me'))
    t.deps.env.MAIL_AUTHSERV_ID = undefined
    const { items } = await customer.forge.tickets.list()
    expect(items).toHaveLength(1)
  })

  test('two machines that answer each other come to an end', async () => {
    const machine = 'robot@elsewhere.example'
    let answered = 0
    for (let n = 1; n <= 30; n++) {
      await receive(letter(machine, [], `We have received your mail ${n}`))
      const receipts = await mailsTo(machine)
      // It answers each of ours, and does not say to what, nor that it is a machine.
      if (receipts.length === answered) break
      answered = receipts.length
    }
    expect(answered).toBe(5)
    await receive(letter(machine, [], 'A person there writes after all'))
    const [{ count } = { count: 0 }] = await t.deps.sql<{ count: number }[]>`
      select count(*)::int as count from tickets t join users u on u.id = t.requester_id where u.email = ${machine}`
    expect(count).toBe(7)
  })

  test('nobody makes us send their words to others', async () => {
    await receive(letter('victim@elsewhere.example', ['Subject: WIN at spam.example'], 'Click spam.example'))
    const [mail] = await mailsTo('victim@elsewhere.example')
    expect(JSON.stringify(mail)).not.toContain('spam.example')
    const spammer = await signUp(t, { name: 'Click spam.example' })
    const ticket = { subject: 'WIN at spam.example', body: 'Click spam.example', category: 'other' as const }
    await spammer.forge.tickets.create(ticket)
    await t.drain()
    expect(JSON.stringify(await mailsTo(spammer.email))).not.toContain('spam.example')
    // Who has proven the address reads what they wrote themselves.
    await verify(spammer)
    await spammer.forge.tickets.create(ticket)
    await t.drain()
    expect(JSON.stringify((await mailsTo(spammer.email)).at(-1))).toContain('spam.example')
  })

  test('a publisher does not write in our name', async () => {
    const author = await signUp(t, { name: 'Dev Forge Support' })
    const extension = await placeExtension(t, { owner: author })
    const { id } = await desk.customer.forge.tickets.create({
      ...aTicket(),
      links: { extensionId: extension.id },
      shareWithPublisher: ['messages'],
    })
    await author.forge.tickets.publisherReply({ id, body: 'Give me your key.' })
    await t.drain()
    const mail = (await mailsTo(desk.customer.email)).find(({ subject }) => subject.startsWith('Re: '))
    expect(mail?.text).toContain('Give me your key.')
    expect(mail?.text).not.toContain('Dev Forge Support')
    expect(mail?.text).toContain('publisher of the extension')
  })
})
