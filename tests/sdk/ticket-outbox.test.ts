import { createTicketOutbox, type FailedEntry } from '@devforge/sdk/support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, openDesk } from '../support/desk.ts'
import { type Person, signUp } from '../support/people.ts'

describe('writing tickets without a network', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
    await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  /** A client whose network can be cut: before a request leaves, or after it arrived and before its answer does. */
  async function editor() {
    const network: { cut: 'no' | 'before' | 'after' } = { cut: 'no' }
    const fetchCut: typeof fetch = async (input, init) => {
      if (network.cut === 'before') throw new TypeError('fetch failed')
      const response = await t.fetch(input, init)
      if (network.cut === 'after') throw new TypeError('fetch failed')
      return response
    }
    let text: string | null = null
    const storage = {
      read: async () => text,
      write: async (next: string) => {
        text = next
      },
      clear: async () => {
        text = null
      },
    }
    const forge = t.forge({ fetch: fetchCut, retries: 0 })
    const email = `editor-${Math.random().toString(36).slice(2)}@example.com`
    await forge.auth.signUp({ email, password: 'correct horse battery', name: 'Ada' })
    const refused: FailedEntry[] = []
    const open = () => createTicketOutbox({ forge, storage, onRefused: (entry) => refused.push(entry) })
    return { network, forge, storage, refused, open }
  }

  test('what is written offline is sent later, once and in order, also by the next start of the editor', async () => {
    const { network, forge, open } = await editor()
    network.cut = 'before'
    const outbox = open()
    const ticket = await outbox.create(aTicket('Written in a train'))
    expect(ticket.sent).toBe(false)
    const key = ticket.sent ? '' : ticket.key
    expect(await outbox.reply({ id: key, body: 'One more thing' })).toMatchObject({ sent: false })
    expect(await outbox.pending()).toHaveLength(2)
    const next = open()
    expect(await next.flush()).toEqual({ sent: 0, waiting: 2 })
    network.cut = 'no'
    expect(await next.flush()).toEqual({ sent: 2, waiting: 0 })
    const { items } = await forge.tickets.list()
    expect(items).toHaveLength(1)
    const { messages } = await forge.tickets.get({ id: items[0]?.id ?? '' })
    expect(messages.map(({ body }) => body)).toEqual([aTicket().body, 'One more thing'])
  })

  test('an answer that got lost on its way makes no second ticket', async () => {
    const { network, forge, open } = await editor()
    const outbox = open()
    network.cut = 'after'
    expect(await outbox.create(aTicket('Once'))).toMatchObject({ sent: false })
    network.cut = 'no'
    await Promise.all([outbox.flush(), outbox.flush()])
    expect((await forge.tickets.list()).items).toHaveLength(1)
  })

  test('online it is sent at once, and what is refused is told at once', async () => {
    const { open } = await editor()
    const outbox = open()
    expect(await outbox.create(aTicket())).toMatchObject({ sent: true, result: { status: 'new' } })
    await expect(outbox.create({ ...aTicket(), subject: '' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    expect(await outbox.pending()).toEqual([])
    expect(await outbox.failed()).toEqual([])
  })

  test('what is refused later stays, and does not hold up the rest', async () => {
    const { network, forge, open, refused } = await editor()
    const other: Person = await signUp(t)
    const theirs = await other.forge.tickets.create(aTicket())
    network.cut = 'before'
    const outbox = open()
    await outbox.reply({ id: theirs.id, body: 'Not mine' })
    await outbox.create(aTicket('Mine'))
    network.cut = 'no'
    expect(await outbox.flush()).toEqual({ sent: 1, waiting: 0 })
    expect(refused).toMatchObject([{ code: 'NOT_FOUND', input: { body: 'Not mine' } }])
    expect(await outbox.failed()).toMatchObject([{ code: 'NOT_FOUND' }])
    await outbox.discard(refused[0]?.key ?? '')
    expect(await outbox.failed()).toEqual([])
    expect((await forge.tickets.list()).items).toHaveLength(1)
  })

  test('what one person wrote is not sent, and not shown, as another who signs in on the same machine', async () => {
    const { network, forge, open } = await editor()
    const first = (await forge.session.current())?.user.email ?? ''
    network.cut = 'before'
    const outbox = open()
    await outbox.create(aTicket('Words of the first'))
    network.cut = 'no'
    await forge.auth.signOut()
    const second = await signUp(t)
    await forge.auth.signIn({ email: second.email, password: second.password })
    expect(await outbox.pending()).toEqual([])
    expect(await outbox.flush()).toEqual({ sent: 0, waiting: 0 })
    expect(await outbox.create(aTicket('Words of the second'))).toMatchObject({ sent: true })
    expect((await second.forge.tickets.list()).items.map(({ subject }) => subject)).toEqual([
      'Words of the second',
    ])
    await forge.auth.signOut()
    await forge.auth.signIn({ email: first, password: 'correct horse battery' })
    expect(await outbox.flush()).toEqual({ sent: 1, waiting: 0 })
    expect((await forge.tickets.list()).items).toMatchObject([{ subject: 'Words of the first' }])
  })

  test('a storage that somebody else wrote into is as empty; a hundred wait at most', async () => {
    const { network, storage, open } = await editor()
    await storage.write('{"waiting":[{"key":1},null],"failed":')
    network.cut = 'before'
    const outbox = open()
    expect(await outbox.pending()).toEqual([])
    for (let i = 0; i < 100; i++) await outbox.create(aTicket(`Ticket ${i}`))
    await expect(outbox.create(aTicket('One too many'))).rejects.toMatchObject({ code: 'LOCAL_FAILURE' })
  })
})
