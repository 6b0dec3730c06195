import { isDevForgeError } from '@devforge/sdk'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

/** What may be refused, depending on what was done before. */
const REFUSALS = new Set([
  'TICKET_CLOSED',
  'TICKET_MERGE_INVALID',
  'TICKET_SPLIT_INVALID',
  'TICKET_UNDO_IMPOSSIBLE',
  // There is no message left in a ticket that was merged.
  'NOT_FOUND',
])

/** Tickets that are there from the start. */
const OPENED = 4

/** The numbers choose among the tickets, and messages, that there are. */
const step = fc.record({
  what: fc.constantFrom('merge', 'merge', 'unmerge', 'split', 'unsplit', 'say', 'answer', 'note'),
  a: fc.nat(),
  b: fc.nat(),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** A way on which each of them is possible, whatever chance chooses for the others. */
const EACH: Step[] = [
  { what: 'say', a: 0, b: 0 },
  { what: 'split', a: 0, b: 1 },
  { what: 'unsplit', a: 0, b: 0 },
  { what: 'answer', a: 1, b: 0 },
  { what: 'merge', a: 0, b: 1 },
  { what: 'note', a: 1, b: 0 },
  { what: 'unmerge', a: 0, b: 0 },
]

interface Placed {
  body: string
  ticketId: string
}

/** A world of a few tickets, and what was ever written in it. */
async function createWorld() {
  await t.deps.sql`delete from rate_limits`
  const { agent, customer } = desk
  const written: string[] = []
  const write = (by: string): string => {
    const body = `${by} ${written.length}`
    written.push(body)
    return body
  }
  const ids: string[] = []
  for (let n = 0; n < OPENED; n++) {
    const made = await customer.forge.tickets.create({
      subject: `Ticket ${n}`,
      body: write('opened'),
      category: 'bug',
    })
    ids.push(made.id)
  }
  /** What stood in tickets when they were merged, and notes to them since. */
  const before = new Map<string, string[]>()

  const placed = (): Promise<Placed[]> => t.deps.sql<Placed[]>`
    select body, ticket_id as "ticketId" from ticket_messages where ticket_id = any(${ids}) order by sequence`
  const within = async (id: string) => (await placed()).filter((message) => message.ticketId === id)
  const parents = async () => {
    const rows = await t.deps.sql<{ id: string; parent: string | null }[]>`
      select id, merged_into_id as parent from tickets where id = any(${ids})`
    return new Map(rows.map(({ id, parent }) => [id, parent]))
  }
  /** Where a ticket goes on. Fails when that has no end. */
  async function endOf(id: string): Promise<string> {
    const into = await parents()
    const way = [id]
    for (let next = into.get(id); next; next = into.get(next)) {
      expect(way, 'no circle').not.toContain(next)
      way.push(next)
    }
    return way.at(-1) ?? id
  }

  async function act({ what, a, b }: Step): Promise<void> {
    const id = ids[a % ids.length] ?? ''
    const other = ids[b % ids.length] ?? ''
    const end = await endOf(id)
    switch (what) {
      case 'merge': {
        const bodies = (await within(id)).map(({ body }) => body)
        await agent.forge.tickets.merge({ from: id, into: other })
        before.set(id, bodies)
        expect(await within(id)).toEqual([])
        return
      }
      case 'unmerge': {
        await agent.forge.tickets.unmerge({ id })
        const came = before.get(id) ?? []
        const now = (await within(id)).map(({ body }) => body)
        expect(
          now.filter((body) => !came.includes(body)),
          'nothing came along that was not its own',
        ).toEqual([])
        const left = (await within(end)).filter(({ body }) => came.includes(body))
        expect(left, 'nothing of it stayed').toEqual([])
        return
      }
      case 'split': {
        const messages = (await agent.forge.tickets.get({ id })).messages
        const message = messages[b % Math.max(1, messages.length)]
        const made = await agent.forge.tickets.split({
          id,
          messageIds: [message?.id ?? 'msg_none'],
          subject: 'Split',
        })
        ids.push(made.id)
        return
      }
      case 'unsplit': {
        // One that a split made, if there is any: by chance alone it would hardly ever be one.
        const made = ids.slice(OPENED)
        await agent.forge.tickets.unsplit({ id: made[a % Math.max(1, made.length)] ?? id })
        return
      }
      case 'say':
      case 'answer': {
        const by = what === 'say' ? customer : agent
        const body = write(what)
        const { ticket } = await by.forge.tickets.reply({ id, body })
        expect(ticket.id).toBe(end)
        return
      }
      case 'note': {
        const body = write('note')
        await agent.forge.tickets.note({ id, body })
        before.get(id)?.push(body)
        return
      }
    }
  }

  return {
    act,
    async check() {
      const bodies = (await placed()).map(({ body }) => body)
      expect(bodies.sort(), 'all that was ever written is there, once').toEqual([...written].sort())
      for (const id of ids) await endOf(id)
      // From the tickets that go on, every ticket is reached once.
      const reached: string[] = []
      const into = await parents()
      const reach = async (id: string): Promise<void> => {
        reached.push(id)
        for (const child of (await agent.forge.tickets.get({ id })).mergedFromIds) await reach(child)
      }
      for (const id of ids) if (into.get(id) === null) await reach(id)
      expect(reached.sort()).toEqual([...ids].sort())
    },
  }
}

test('whatever is merged, split and undone in whatever order: no message is lost or doubled, and nothing goes in circles', {
  timeout: 240_000,
}, async () => {
  const counts: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async (steps) => {
      const world = await createWorld()
      for (const one of steps) {
        try {
          await world.act(one)
          counts[one.what] = (counts[one.what] ?? 0) + 1
        } catch (error) {
          if (!isDevForgeError(error) || !REFUSALS.has(error.code)) throw error
        }
      }
      await world.check()
    }),
    { numRuns: 12, examples: [[EACH]] },
  )
  // Each of them really happened.
  expect(Object.keys(counts).sort()).toEqual(
    ['answer', 'merge', 'note', 'say', 'split', 'unmerge', 'unsplit'].sort(),
  )
})
