import { randomUUID } from 'node:crypto'
import { type DevForge, memorySessionStore } from '@devforge/sdk'
import { appRouter } from '@devforge/server/router'
import type { ProcedureMeta } from '@devforge/server/trpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { placeExtension } from '../support/extensions.ts'
import { signedMail } from '../support/mail-gateway.ts'
import { type Person, signUp } from '../support/people.ts'

interface Procedure {
  _def: { type: 'query' | 'mutation' | 'subscription'; meta?: ProcedureMeta }
}
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)
const NOTE = 'zanzibar'
const GATEWAY = 'secret-of-the-mail-gateway'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp({ env: { MAIL_INBOUND_SECRETS: GATEWAY } })
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

/** Whatever procedure with whatever input, past the SDK's methods and their types. */
const call = (forge: DevForge, path: string, kind: string, input: unknown): Promise<unknown> =>
  (forge.call as unknown as (path: string, kind: string, input: unknown) => Promise<unknown>)(
    path,
    kind,
    input,
  )

/** An admin who acts as somebody. */
async function as(person: Person): Promise<DevForge> {
  const grant = await desk.admin.forge.admin.impersonate({ userId: person.id, reason: 'to look' })
  return t.forge({
    session: memorySessionStore({
      sessionToken: grant.sessionToken,
      accessToken: grant.accessToken,
      accessTokenExpiresAtMs: grant.accessTokenExpiresAt.getTime(),
      user: grant.user,
    }),
  })
}

async function receive(from: string, text: string, headers: string[] = []): Promise<void> {
  const raw = [`From: ${from}`, 'To: support@devforge.localhost', 'Subject: Help', ...headers, '', text].join(
    '\r\n',
  )
  await t.fetch(`${TEST_URL}/webhooks/mail`, signedMail(raw, { secret: GATEWAY, now: t.clock.now() }))
  expect(await t.drain()).toEqual([])
}

describe('an agent whose own ticket it is', () => {
  let agent: Person
  let id: string
  beforeAll(async () => {
    agent = await hireAgent(t)
    ;({ id } = await agent.forge.tickets.create(aTicket('Of an agent')))
  })

  test('does nothing with it at the desk, and sees nothing there that a customer would not', async () => {
    const other = await agent.forge.tickets.create(aTicket('Another one'))
    const macro = await agent.forge.tickets.saveMacro({ name: 'Mine', body: 'x' })
    const { version, messages } = await agent.forge.tickets.get({ id })
    const { tickets } = agent.forge
    const messageIds = messages.map((message) => message.id)
    const refused = [
      tickets.claim({ id }),
      tickets.assign({ id, agentId: agent.id }),
      tickets.setPriority({ id, priority: 'urgent' }),
      tickets.transition({ id, to: 'solved', version }),
      tickets.note({ id, body: 'x' }),
      tickets.setTags({ id, tags: ['vip'] }),
      tickets.setQueue({ id, queueId: 'que_x' }),
      tickets.link({ id, kind: 'article', targetId: 'art_x' }),
      tickets.unlink({ id, kind: 'article', targetId: 'art_x' }),
      tickets.merge({ from: id, into: other.id }),
      tickets.split({ id, messageIds, subject: 'x' }),
      tickets.previewMacro({ id, macroId: macro.id }),
      tickets.applyMacro({ id, macroId: macro.id, version }),
    ]
    expect(await Promise.all(refused.map(failure))).toEqual(refused.map(() => 'NOT_FOUND'))
    const { results } = await tickets.bulk({ ids: [id], action: { type: 'priority', priority: 'urgent' } })
    expect(results).toMatchObject([{ ok: false, code: 'NOT_FOUND' }])
    expect(await desk.admin.forge.tickets.get({ id })).toMatchObject({
      version,
      priority: 'normal',
      desk: { assignee: null, tags: [] },
    })
  })

  test('does not find it by words of its notes; others do', async () => {
    await desk.admin.forge.tickets.note({ id, body: 'They sound like a quagga to me.' })
    const found = async ({ forge }: Person, text: string) =>
      (await forge.tickets.search({ text })).items.map((item) => item.id)
    expect(await found(desk.admin, 'quagga')).toEqual([id])
    for (const text of ['quagga', 'quag', 'agent quagga', '"like a quagga"'])
      expect(await found(agent, text), text).toEqual([])
    expect(await found(agent, 'of an agent'), 'by what they know').toEqual([id])
    const without = (word: string) => found(agent, `agent -${word}`)
    expect(await without('quagga'), 'nor by what is not in them').toEqual(await without('wombat'))
  })

  test('hears no note about it in the stream over all tickets, and still what is public', async () => {
    const told: unknown[] = []
    const before = t.deps.realtime.openStreams
    const listening = (async () => {
      for await (const update of agent.forge.tickets.onUpdate({})) {
        told.push(update)
        if (update.message?.body === 'The end') break
      }
    })()
    while (t.deps.realtime.openStreams === before) await new Promise((resolve) => setTimeout(resolve, 10))
    const elsewhere = await desk.customer.forge.tickets.create(aTicket())
    await desk.admin.forge.tickets.note({ id: elsewhere.id, body: 'A note about others' })
    await desk.admin.forge.tickets.note({ id, body: NOTE })
    await desk.admin.forge.tickets.setTags({ id, tags: [NOTE] })
    await desk.admin.forge.tickets.assign({ id, agentId: desk.admin.id })
    await desk.admin.forge.tickets.reply({ id, body: 'The end' })
    await listening
    const text = JSON.stringify(told)
    expect(text).toContain('A note about others')
    expect(text).not.toContain(NOTE)
    expect(text).not.toContain(desk.admin.id)
    const { items } = await agent.forge.tickets.queue({ limit: 100 })
    expect(items.map((item) => item.id)).toContain(id)
    expect(JSON.stringify(items)).not.toContain(NOTE)
  })
})

test('the stream over all tickets ends when its listener is an agent no more', async () => {
  const agent = await hireAgent(t)
  const { id } = await desk.customer.forge.tickets.create(aTicket())
  const before = t.deps.realtime.openStreams
  const stream = agent.forge.tickets.onUpdate({})
  const next = stream.next()
  while (t.deps.realtime.openStreams === before) await new Promise((resolve) => setTimeout(resolve, 10))
  await desk.admin.forge.admin.setRole({ userId: agent.id, role: 'customer', reason: 'left us' })
  await desk.admin.forge.tickets.note({ id, body: NOTE })
  expect(await failure(next)).toBe('FORBIDDEN')
})

describe('an admin who acts as somebody', () => {
  test('as an agent writes nothing at the desk, whatever it is', async () => {
    const forge = await as(await hireAgent(t))
    const writes = procedures.filter(
      ([, { _def }]) => _def.meta?.access === 'agent' && _def.type === 'mutation',
    )
    expect(writes.length).toBeGreaterThanOrEqual(25)
    const codes = await Promise.all(
      writes.map(async ([path]) => [path, await failure(call(forge, path, 'mutation', {}))]),
    )
    expect(codes).toEqual(writes.map(([path]) => [path, 'FORBIDDEN']))
    expect((await forge.tickets.queue({ limit: 1 })).items).toHaveLength(1)
  })

  test('as a customer writes nothing in their name, and gives nothing away', async () => {
    const person = await signUp(t)
    const { id } = await person.forge.tickets.create(aTicket())
    await desk.agent.forge.tickets.reply({ id, body: 'Done', status: 'solved' })
    const { tickets } = await as(person)
    const refused = [
      tickets.create(aTicket()),
      tickets.reply({ id, body: 'x' }),
      tickets.solve({ id }),
      tickets.reopen({ id }),
      tickets.rate({ id, score: 5 }),
      tickets.share({ id, share: [] }),
      tickets.publisherReply({ id, body: 'x' }),
      tickets.uploadAttachment(new Blob(['x']), { fileName: 'x' }),
    ]
    expect(await Promise.all(refused.map(failure))).toEqual(refused.map(() => 'FORBIDDEN'))
    expect((await tickets.get({ id })).messages).toHaveLength(2)
  })
})

test('tokens for publishing reach nothing of tickets, analytics and administration, by whatever door', async () => {
  const admin = await signUp(t, { role: 'admin' })
  const { token } = await admin.forge.auth.createApiToken({ name: 'ci', scopes: ['publish', 'read'] })
  const withToken = t.forge({ apiToken: token })
  const { id } = await admin.forge.tickets.create(aTicket())
  const closed = procedures.filter(
    ([path, { _def }]) => /^(?:tickets|analytics|admin)\./.test(path) && _def.meta?.access !== 'public',
  )
  for (const [path, { _def }] of closed) {
    if (_def.type === 'subscription') continue
    const code = await failure(call(withToken, path, _def.type, { id }))
    // What takes no input says so first.
    const again = code === 'INVALID_INPUT' ? await failure(call(withToken, path, _def.type, undefined)) : code
    expect(again, path).toBe('AUTH_REQUIRED')
  }
  const rest = (path: string) =>
    t.fetch(`${TEST_URL}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  expect((await rest(`/tickets/${id}`)).status).toBe(401)
})

test('REST asks for the same roles', async () => {
  const customer = await signUp(t)
  const { accessToken } = await customer.forge.auth.refresh()
  const staff = procedures.filter(([, { _def }]) => /^(?:agent|admin)$/.test(_def.meta?.access ?? ''))
  for (const [name, { _def }] of staff) {
    const { method, path } = _def.meta?.openapi ?? {}
    if (!method || !path) continue
    const ask = async (headers: Record<string, string>) =>
      (
        await t.fetch(`${TEST_URL}/api/v1${path.replace(/\{\w+\}/g, 'tkt_x')}`, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
        })
      ).status
    expect(await ask({}), name).toBe(401)
    expect(await ask({ authorization: `Bearer ${accessToken}` }), name).toBe(403)
  }
})

test('who changes what macros do is written down', async () => {
  const { id } = await desk.admin.forge.tickets.saveMacro({ name: 'Close', body: 'x', shared: true })
  await desk.admin.forge.tickets.saveMacro({ id, name: 'Close', body: 'x', shared: true, active: false })
  await desk.admin.forge.tickets.deleteMacro({ id })
  const { items } = await desk.admin.forge.admin.audit({ subject: id })
  expect(items.map(({ action, actor }) => [action, actor])).toEqual(
    ['macro.deleted', 'macro.saved', 'macro.saved'].map((action) => [action, `admin:${desk.admin.id}`]),
  )
})

test('no message keeps anybody from reading a ticket, or ends the stream of the desk', async () => {
  const { id } = await desk.customer.forge.tickets.create({ ...aTicket(), body: '1. '.repeat(16_000) })
  expect((await desk.customer.forge.tickets.get({ id })).messages[0]?.html).toMatch(/^<pre>1\. 1\. /)
  expect((await desk.agent.forge.tickets.get({ id })).messages).toHaveLength(1)
  await desk.agent.forge.tickets.reply({ id, body: '1) '.repeat(16_000) })
  expect(await t.drain()).toEqual([])
  const stream = desk.agent.forge.tickets.onUpdate({ id })
  expect((await stream.next()).value).toMatchObject({ type: 'ticket.created' })
  expect((await stream.next()).value?.message?.html).toMatch(/^<pre>/)
  await stream.return(undefined)
})

test('words are counted, however they come; solving and opening again has an end', async () => {
  const person = await signUp(t)
  const { id } = await person.forge.tickets.create(aTicket())
  const { tickets } = person.forge
  const codes: string[] = []
  for (let n = 0; n < 125 && codes.length === 0; n++) {
    await tickets.solve({ id }).catch((error) => codes.push(error.code))
    await tickets.reopen({ id, body: `Again ${n}` }).catch((error) => codes.push(error.code))
  }
  expect(codes[0]).toBe('AUTH_RATE_LIMITED')
  // Nobody else is kept from anything.
  const other = await signUp(t)
  const theirs = await other.forge.tickets.create(aTicket())
  await other.forge.tickets.solve({ id: theirs.id })
})

describe('what a publisher sees', () => {
  let author: Person
  beforeAll(async () => {
    author = await signUp(t)
  })
  const read = (id: string) => author.forge.tickets.publisherTicket({ id })
  const shared = async (extensionId: string, body: string) =>
    desk.customer.forge.tickets.create({
      ...aTicket(),
      body,
      links: { extensionId },
      shareWithPublisher: ['messages'],
    })

  test('is over when the ticket is about somebody else’s extension', async () => {
    const theirs = await placeExtension(t, { owner: author })
    const another = await placeExtension(t, {
      owner: author,
      publisher: { id: theirs.publisherId, name: theirs.publisher },
    })
    const foreign = await placeExtension(t, { owner: await signUp(t) })
    const { id } = await shared(theirs.id, 'Words')
    const { tickets } = desk.agent.forge
    await tickets.link({ id, kind: 'extension', targetId: another.id })
    await tickets.unlink({ id, kind: 'extension', targetId: theirs.id })
    expect((await read(id)).messages).toHaveLength(1)
    await tickets.link({ id, kind: 'extension', targetId: foreign.id })
    await tickets.unlink({ id, kind: 'extension', targetId: another.id })
    expect(await failure(read(id))).toBe('NOT_FOUND')
    expect((await desk.customer.forge.tickets.get({ id })).sharedWithPublisher).toEqual([])
  })

  test('does not grow by a merge: what was never shown to it stays so until its customer says otherwise', async () => {
    const extension = await placeExtension(t, { owner: author })
    const { id: into } = await shared(extension.id, 'Words for the publisher')
    const { id: from } = await desk.customer.forge.tickets.create({
      ...aTicket(),
      body: 'My card was stolen',
    })
    await desk.agent.forge.tickets.merge({ from, into })
    expect(JSON.stringify(await read(into).catch(() => null))).not.toContain('My card')
    expect((await desk.customer.forge.tickets.get({ id: into })).sharedWithPublisher).toEqual([])
    await desk.customer.forge.tickets.share({ id: into, share: ['messages'] })
    expect(JSON.stringify(await read(into))).toContain('My card')
    // Both shown to the same publisher: so is what they become.
    const { id: third } = await shared(extension.id, 'More words for the publisher')
    await desk.agent.forge.tickets.merge({ from: third, into })
    expect((await read(into)).messages).toHaveLength(3)
  })
})

describe('who signed up with an address of somebody else, and did not confirm it', () => {
  test('has nothing of what that one writes by mail: no export, no file, no merge', async () => {
    const squatter = await signUp(t)
    const boundary = 'part'
    await receive(
      squatter.email,
      [
        `--${boundary}`,
        'Content-Type: text/plain',
        '',
        'My private words',
        `--${boundary}`,
        'Content-Type: text/plain',
        'Content-Disposition: attachment; filename="private.txt"',
        '',
        'A file',
        `--${boundary}--`,
      ].join('\r\n'),
      [
        'MIME-Version: 1.0',
        `Content-Type: multipart/mixed; boundary=${boundary}`,
        `Message-ID: <${randomUUID()}@x>`,
      ],
    )
    const exported = JSON.stringify(await squatter.forge.users.exportData())
    expect(exported).not.toContain('My private words')
    const [row] = await t.deps.sql`
      select a.id, m.ticket_id from ticket_attachments a join ticket_messages m on m.id = a.message_id
      where a.file_name = 'private.txt'`
    expect(await failure(squatter.forge.tickets.attachment({ id: row?.id }))).toBe('NOT_FOUND')
    const { id: into } = await squatter.forge.tickets.create(aTicket())
    const merge = () => desk.agent.forge.tickets.merge({ from: row?.ticket_id, into })
    expect(await failure(merge())).toBe('TICKET_MERGE_INVALID')
    await t.deps.sql`update users set email_verified = true where id = ${squatter.id}`
    expect(JSON.stringify(await squatter.forge.users.exportData())).toContain('My private words')
    await squatter.forge.tickets.attachment({ id: row?.id })
    await merge()
  })
})
