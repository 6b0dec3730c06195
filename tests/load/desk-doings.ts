import { newId } from '@devforge/db'
import type { Deps } from '@devforge/server/deps'
import { createRandom, type Random } from '@devforge/server/sandbox/catalog/random'
import type { LoadedDesk } from '@devforge/server/sandbox/desk/load'
import { TAGS, VOCABULARY } from '@devforge/server/sandbox/desk/vocabulary'
import type { Doing } from './doings.ts'

interface Known {
  id: string
  requesterId: string
}

/** Some tickets of the made-up desk that people open and answer. */
async function someTickets({ sql }: Deps, which: 'active' | 'any', limit: number): Promise<Known[]> {
  const rows = await sql.unsafe<Known[]>(
    `select id, requester_id as "requesterId" from tickets tablesample system_rows_or_all where ${which === 'active' ? "status in ('open', 'pending', 'new')" : 'true'} limit ${limit}`.replace(
      'tablesample system_rows_or_all',
      which === 'active' ? '' : `tablesample bernoulli (5) repeatable (7)`,
    ),
  )
  return rows
}

const VIEWS = ['mine', 'unassigned', 'waiting', 'due', 'breached', 'on_hold', 'solved_recently', 'all']

const searches = (random: Random, names: string[]) => (): string => {
  const word = (most: number) => VOCABULARY[Math.floor(most * random.next() ** 3)] ?? ''
  const form = random.next()
  if (form < 0.25) return word(300)
  if (form < 0.5) return `${word(300)} ${word(3_000)}`
  if (form < 0.65) return word(20_000)
  if (form < 0.75) return word(3_000).slice(0, 4)
  if (form < 0.85) return `${word(1_000)} ${word(1_000)} ${word(1_000)}`
  if (form < 0.93) return `#${1_000 + random.below(900_000)}`
  return names[random.below(names.length)] ?? ''
}

export async function deskDoings(deps: Deps, { agents, requesters }: LoadedDesk): Promise<Doing[]> {
  const random = createRandom(11)
  const agent = (): string => agents[random.below(agents.length)] ?? ''
  const active = await someTickets(deps, 'active', 20_000)
  const any = await someTickets(deps, 'any', 20_000)
  const oneOf = (tickets: Known[]): Known => random.pick(tickets)
  const names = await deps.sql<{ name: string }[]>`
    select name from users where id = any(${requesters.slice(0, 200)})`
  const text = searches(
    random,
    names.map(({ name }) => name),
  )
  const customers = active.filter((_, i) => i % 40 === 0)
  const queue = (name: string, input: () => object): Doing => ({
    name,
    path: 'tickets.queue',
    kind: 'query',
    make: () => ({ userId: agent(), input: input() }),
  })
  return [
    ...VIEWS.map((view) => queue(`queue: ${view}`, () => ({ view }))),
    queue('queue: unassigned, high or urgent bugs, newest', () => ({
      view: 'unassigned',
      priority: ['high', 'urgent'],
      category: ['bug'],
      sort: 'newest',
    })),
    queue('queue: open in billing of one agent, by change', () => ({
      queueId: 'que_billing',
      status: ['open', 'pending'],
      assignee: agent(),
      sort: 'updated',
    })),
    queue('queue: a tag, among all', () => ({ tag: TAGS[random.below(TAGS.length)] })),
    queue('queue: all of one person', () => ({ requesterId: requesters[random.below(requesters.length)] })),
    {
      name: 'viewCounts',
      path: 'tickets.viewCounts',
      kind: 'query',
      make: () => ({ userId: agent(), input: {} }),
    },
    {
      name: 'open a ticket, as agent',
      path: 'tickets.get',
      kind: 'query',
      make: () => ({ userId: agent(), input: { id: oneOf(random.next() < 0.7 ? active : any).id } }),
    },
    {
      name: 'open a ticket, as its customer',
      path: 'tickets.get',
      kind: 'query',
      make() {
        const { id, requesterId } = oneOf(customers)
        return { userId: requesterId, input: { id } }
      },
    },
    {
      name: 'reply, as agent',
      path: 'tickets.reply',
      kind: 'mutation',
      make: (i) => ({ userId: agent(), input: replyTo(oneOf(active).id, i) }),
    },
    {
      name: 'reply, as customer',
      path: 'tickets.reply',
      kind: 'mutation',
      make(i) {
        const { id, requesterId } = customers[i % customers.length] ?? oneOf(customers)
        return { userId: requesterId, input: replyTo(id, i) }
      },
    },
    {
      name: 'search',
      path: 'tickets.search',
      kind: 'query',
      make: () => ({ userId: agent(), input: { text: text() } }),
    },
    {
      name: 'search, what is not solved',
      path: 'tickets.search',
      kind: 'query',
      make: () => ({
        userId: agent(),
        input: { text: text(), status: ['new', 'open', 'pending', 'on_hold'] },
      }),
    },
  ]
}

const replyTo = (id: string, i: number) => ({
  id,
  body: `Thanks, that helped a bit. Version ${i} still shows the window of before; is there anything else that I can try?`,
  idempotencyKey: `bench-${newId('msg')}`,
})
