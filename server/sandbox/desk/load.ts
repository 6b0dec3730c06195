import { createDb, type Sql } from '@devforge/db'
import { line, openCopy, type Sink, withoutIndexes } from '../copy.ts'
import { type DeskOptions, FIRST_NUMBER, generatePeople, generateTickets } from './generate.ts'
import { TABLES, type Table, ticketLines } from './rows.ts'

export interface LoadedDesk {
  tickets: number
  messages: number
  events: number
  /** Whoever asked, the most frequent first. */
  requesters: string[]
  agents: string[]
  seconds: number
}

const TABLE_NAMES = Object.keys(TABLES) as Table[]

/**
 * Fills an empty desk with made-up tickets, by COPY: conversations, events and search documents as the real code writes them.
 * @param url a database without tickets, to which nobody writes meanwhile
 */
export async function loadDesk(url: string, options: DeskOptions): Promise<LoadedDesk> {
  const startedAt = performance.now()
  const handle = createDb(url, { max: TABLE_NAMES.length + 2 })
  const { sql } = handle
  try {
    const [{ any } = { any: true }] = await sql<
      { any: boolean }[]
    >`select exists (select from tickets) as any`
    if (any) throw new Error('There are tickets already. A made-up desk goes into an empty one.')
    const people = generatePeople(options)
    await copyPeople(sql, people)
    const counts = await withoutIndexes(sql, TABLE_NAMES, () => copyTickets(sql, options, people))
    await sql`select setval(pg_get_serial_sequence('tickets', 'number'), ${FIRST_NUMBER + counts.tickets})`
    await sql`select setval(pg_get_serial_sequence('ticket_messages', 'sequence'), ${counts.messages + 1})`
    await sql`select setval(pg_get_serial_sequence('ticket_events', 'sequence'), ${counts.events + 1})`
    for (const table of [...TABLE_NAMES, 'users', 'support_agents']) await sql`vacuum analyze ${sql(table)}`
    return { ...counts, ...people, seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    await handle.close()
  }
}

async function copyPeople(sql: Sql, { requesters, agents }: { requesters: string[]; agents: string[] }) {
  const users = await openCopy(sql, 'users', 'id, name, email, email_verified, role')
  for (const [i, id] of agents.entries())
    await users.sink.write(line([id, `Agent ${i + 1}`, `agent-${i + 1}@example.invalid`, true, 'agent']))
  for (const [i, id] of requesters.entries())
    await users.sink.write(line([id, nameOf(i), `person-${i + 1}@example.invalid`, true, 'customer']))
  await users.sink.end()
  await users.commit()
  await sql`insert into support_agents (user_id) select unnest(${agents}::text[])`
  await sql`insert into support_queue_agents (queue_id, agent_id) select q.id, a.user_id from support_queues q, support_agents a`
}

const FIRST = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Margaret',
  'Ken',
  'Radia',
  'Dennis',
  'Frances',
  'Niklaus',
]
const SECOND = [
  'Lovel',
  'Hopp',
  'Tur',
  'Dijk',
  'Lisk',
  'Knut',
  'Hamil',
  'Thomp',
  'Perl',
  'Ritch',
  'All',
  'Wirt',
  'Back',
  'Hoar',
  'Engel',
  'Kern',
]
const THIRD = [
  'ace',
  'er',
  'ing',
  'stra',
  'ov',
  'son',
  'ton',
  'man',
  'ie',
  'en',
  'us',
  'bart',
  'ini',
  'ez',
  'sen',
  'ski',
]

const nameOf = (i: number): string =>
  `${FIRST[i % FIRST.length]} ${SECOND[(i >> 3) % SECOND.length]}${THIRD[(i >> 7) % THIRD.length]}`

/** All tables at once, in one pass over the tickets. */
async function copyTickets(
  sql: Sql,
  options: DeskOptions,
  people: { requesters: string[]; agents: string[] },
): Promise<Pick<LoadedDesk, 'tickets' | 'messages' | 'events'>> {
  const sinks = new Map<Table, Sink>()
  const connections: { commit(): Promise<void> }[] = []
  for (const table of TABLE_NAMES) {
    const opened = await openCopy(sql, table, TABLES[table])
    sinks.set(table, opened.sink)
    connections.push(opened)
  }
  const newest = FIRST_NUMBER + options.count - 1
  const counts = { tickets: 0, messages: 0, events: 0 }
  for (const ticket of generateTickets(options, people)) {
    for (const [table, text] of ticketLines(ticket, { sequence: counts.events, newest })) {
      const behind = sinks.get(table)?.write(text)
      if (behind) await behind
    }
    counts.tickets++
    counts.messages += ticket.messages.length
    counts.events +=
      1 + ticket.messages.length + (ticket.assigneeId ? 1 : 0) + (ticket.status === 'new' ? 0 : 1)
  }
  for (const sink of sinks.values()) await sink.end()
  for (const { commit } of connections) await commit()
  return counts
}
