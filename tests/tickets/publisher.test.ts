import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'

type Share = ('messages' | 'diagnostics' | 'contact')[]

describe('tickets about an extension, and its publisher', () => {
  let t: TestApp
  let desk: Desk
  let author: Person
  let extension: PlacedExtension
  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
    author = await signUp(t, { name: 'Author' })
    extension = await placeExtension(t, { owner: author })
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const diagnostics = { app: { version: '9.9.9' }, os: { platform: 'linux', arch: 'x64' } }
  const open = (shareWithPublisher?: Share) =>
    desk.customer.forge.tickets.create({
      subject: 'It does not format',
      body: 'My words',
      category: 'extension',
      links: { extensionId: extension.id, extensionVersion: '1.0.0' },
      diagnostics,
      ...(shareWithPublisher ? { shareWithPublisher } : {}),
    })
  const queue = async (person = author) =>
    (await person.forge.tickets.publisherQueue({ publisher: extension.publisher, limit: 100 })).items
  const read = (id: string, person = author) => person.forge.tickets.publisherTicket({ id })

  test('without a word of the customer it does not reach the publisher at all', async () => {
    const { id } = await open()
    expect((await queue()).map((ticket) => ticket.id)).not.toContain(id)
    expect(await failure(read(id))).toBe('NOT_FOUND')
    expect(await failure(author.forge.tickets.publisherReply({ id, body: 'x' }))).toBe('NOT_FOUND')
    expect(await failure(author.forge.tickets.get({ id }))).toBe('NOT_FOUND')
  })

  test.each<[Share]>([
    [['messages']],
    [['diagnostics']],
    [['contact']],
    [['messages', 'diagnostics', 'contact']],
  ])('with %j it sees that and no more', async (share) => {
    const { customer, agent } = desk
    const ticket = await open(share)
    await agent.forge.tickets.note({ id: ticket.id, body: 'Secret of the desk' })
    await agent.forge.tickets.reply({ id: ticket.id, body: 'Words of the agent' })
    await agent.forge.tickets.claim({ id: ticket.id })
    const seen = await read(ticket.id)
    const text = JSON.stringify(seen)
    expect(seen).toMatchObject({
      number: ticket.number,
      subject: 'It does not format',
      category: 'extension',
      extension: { id: extension.id, version: '1.0.0' },
      shared: share,
    })
    expect(text.includes('My words')).toBe(share.includes('messages'))
    expect(text.includes('Words of the agent')).toBe(share.includes('messages'))
    expect(text.includes('9.9.9')).toBe(share.includes('diagnostics'))
    expect(text.includes(customer.email)).toBe(share.includes('contact'))
    expect(text.includes(customer.name)).toBe(share.includes('contact'))
    for (const never of ['Secret of the desk', agent.name, agent.id, customer.id, 'desk', 'assignee'])
      expect(text).not.toContain(never)
    expect(await queue()).toContainEqual(
      expect.objectContaining({ id: ticket.id, subject: 'It does not format' }),
    )
  })

  test('the publisher answers in public, and no clock of ours stops for it', async () => {
    const { customer, agent } = desk
    const { id } = await open(['diagnostics'])
    const before = await agent.forge.tickets.get({ id })
    const answer = { id, body: 'Fixed in 1.2.', idempotencyKey: 'fixed-in-1.2' }
    const first = await author.forge.tickets.publisherReply(answer)
    expect((await author.forge.tickets.publisherReply(answer)).message.id).toBe(first.message.id)
    const after = await customer.forge.tickets.get({ id })
    expect(after.messages.at(-1)).toMatchObject({
      author: { type: 'publisher', name: 'Author' },
      body: 'Fixed in 1.2.',
    })
    expect(after.messages).toHaveLength(2)
    const { desk: seen, status, waitingFor } = await agent.forge.tickets.get({ id })
    expect({ status, waitingFor }).toEqual({ status: before.status, waitingFor: before.waitingFor })
    expect(seen).toMatchObject({
      firstResponseAt: null,
      waitingSince: before.desk?.waitingSince,
      sla: before.desk?.sla,
    })
    // Of a conversation that is not shared it sees what it said itself.
    expect((await read(id)).messages.map((message) => message.body)).toEqual(['Fixed in 1.2.'])
    await customer.forge.tickets.solve({ id })
    const { version } = await agent.forge.tickets.get({ id })
    await desk.admin.forge.tickets.transition({ id, to: 'closed', version })
    expect(await failure(author.forge.tickets.publisherReply({ id, body: 'Late' }))).toBe('TICKET_CLOSED')
  })

  test('a share that is taken back is gone at once, files included, and can be given again', async () => {
    const { customer } = desk
    const file = await customer.forge.tickets.uploadAttachment(new Blob(['a log']), { fileName: 'a.log' })
    const { id } = await open(['messages'])
    await customer.forge.tickets.reply({ id, body: 'The log', attachmentIds: [file.id] })
    const { url } = await author.forge.tickets.attachment({ id: file.id })
    expect((await t.fetch(url)).status).toBe(200)
    await customer.forge.tickets.share({ id, share: ['diagnostics'] })
    expect((await t.fetch(url)).status).toBe(404)
    expect(await failure(author.forge.tickets.attachment({ id: file.id }))).toBe('NOT_FOUND')
    expect((await read(id)).messages).toEqual([])
    await customer.forge.tickets.share({ id, share: [] })
    expect(await failure(read(id))).toBe('NOT_FOUND')
    expect((await queue()).map((ticket) => ticket.id)).not.toContain(id)
    await customer.forge.tickets.share({ id, share: ['messages'] })
    expect((await read(id)).messages).toHaveLength(2)
    expect((await t.fetch(url)).status).toBe(200)
    const own = await customer.forge.tickets.get({ id })
    expect(own.sharedWithPublisher).toEqual(['messages'])
    const events = await t.deps
      .sql`select after from ticket_events where ticket_id = ${id} and type = 'share.changed' order by sequence`
    expect(events.map((event) => event.after.share)).toEqual([['diagnostics'], [], ['messages']])
  })

  test('notes and their files stay with the desk', async () => {
    const { agent } = desk
    const { id } = await open(['messages', 'diagnostics', 'contact'])
    const file = await agent.forge.tickets.uploadAttachment(new Blob(['secret']), { fileName: 's.txt' })
    await agent.forge.tickets.note({ id, body: 'Secret', attachmentIds: [file.id] })
    expect(await failure(author.forge.tickets.attachment({ id: file.id }))).toBe('NOT_FOUND')
  })

  test('others see nothing: members of other publishers, former members, agents by this door', async () => {
    const { id } = await open(['messages', 'contact'])
    const rival = await signUp(t)
    const theirs = await placeExtension(t, { owner: rival })
    const member = await signUp(t)
    await author.forge.marketplace.addMember({
      publisher: extension.publisher,
      email: member.email,
      role: 'member',
    })
    await queue(member)
    expect((await read(id, member)).id).toBe(id)
    await author.forge.marketplace.removeMember({ publisher: extension.publisher, email: member.email })
    for (const person of [rival, member, desk.agent, await signUp(t)]) {
      expect(await failure(read(id, person))).toBe('NOT_FOUND')
      expect(await failure(person.forge.tickets.publisherReply({ id, body: 'x' }))).toBe('NOT_FOUND')
      expect(await failure(queue(person))).toBe('PUBLISHER_FORBIDDEN')
    }
    expect((await rival.forge.tickets.publisherQueue({ publisher: theirs.publisher })).items).toEqual([])
    // Only the customer shares; agents do not do it for them.
    expect(await failure(desk.agent.forge.tickets.share({ id, share: ['contact'] }))).toBe('NOT_FOUND')
    expect(await failure(author.forge.tickets.share({ id, share: ['contact'] }))).toBe('NOT_FOUND')
  })

  test('a ticket about no extension is shared with nobody', async () => {
    const { customer } = desk
    const bare = { subject: 'x', body: 'y', category: 'other' as const }
    expect(await failure(customer.forge.tickets.create({ ...bare, shareWithPublisher: ['messages'] }))).toBe(
      'INVALID_INPUT',
    )
    const { id } = await customer.forge.tickets.create(bare)
    expect(await failure(customer.forge.tickets.share({ id, share: ['messages'] }))).toBe(
      'TICKET_WITHOUT_EXTENSION',
    )
    await desk.agent.forge.tickets.link({ id, kind: 'extension', targetId: extension.id })
    await customer.forge.tickets.share({ id, share: ['messages'] })
    expect((await read(id)).messages).toHaveLength(1)
    await desk.agent.forge.tickets.unlink({ id, kind: 'extension', targetId: extension.id })
    expect(await failure(read(id))).toBe('NOT_FOUND')
  })
})
