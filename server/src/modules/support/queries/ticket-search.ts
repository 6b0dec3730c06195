import { type Db, type Sql, ticketMessages, ticketSearch, tickets } from '@devforge/db'
import { asc, eq, sql } from 'drizzle-orm'
import { type Condition, isActiveOnly, Parameters, whereOf } from './queue.ts'

/**
 * What agents search tickets by: one document per ticket of the words of its subject (A), messages (C) and notes (D), and of lexemes that
 * are no words: the blocks of numbers that the ticket lies in, and whether it is not closed. With those the index finds "the newest that
 * have this word" without looking at all that have it. No parser makes a lexeme that begins with `=`.
 */
const ACTIVE = '=active'
/** Blocks of 1,024, 8,192 and 65,536 numbers. */
const BLOCKS = [
  ['=s', 10],
  ['=m', 13],
  ['=l', 16],
] as const

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** The lexemes that are no words. As a tsvector literal. */
export const marksOf = (number: number, isActive: boolean): string =>
  [...BLOCKS.map(([name, bits]) => `${name}${Math.floor(number / 2 ** bits)}`), ...(isActive ? [ACTIVE] : [])]
    .map(quoted)
    .join(' ')

/** What of a text is searched: words beyond it are found in the ticket itself. */
export const SEARCHED_LENGTH = 20_000
/** Of a document: PostgreSQL refuses those of more than a megabyte, and with it the message that made it so. */
const MAX_DOCUMENT_BYTES = 600_000

export type Weight = 'A' | 'C' | 'D'
const vectorOf = (text: string, weight: Weight) =>
  sql`setweight(to_tsvector('simple', ${text.slice(0, SEARCHED_LENGTH)}), ${weight}::"char")`

/** Makes a new ticket known to the search. */
export async function openSearch(
  db: Db,
  { ticketId, number, subject }: { ticketId: string; number: number; subject: string },
): Promise<void> {
  const document = sql`${vectorOf(subject, 'A')} || ${marksOf(number, true)}::tsvector`
  await db.insert(ticketSearch).values({ ticketId, number, document })
}

/** Adds words to what agents find a ticket by; once there are more than anybody looks for, nothing. */
export async function addSearchWords(
  db: Db,
  { ticketId, text, weight }: { ticketId: string; text: string; weight: Weight },
): Promise<void> {
  const { document } = ticketSearch
  await db
    .update(ticketSearch)
    .set({
      document: sql`case when pg_column_size(${document} || ''::tsvector) < ${MAX_DOCUMENT_BYTES} then ${document} || ${vectorOf(text, weight)} else ${document} end`,
    })
    .where(eq(ticketSearch.ticketId, ticketId))
}

/** Closed tickets are looked through only when asked for. */
export async function markActive(db: Db, ticketId: string, isActive: boolean): Promise<void> {
  const { document } = ticketSearch
  await db
    .update(ticketSearch)
    .set({
      document: isActive
        ? sql`${document} || ${quoted(ACTIVE)}::tsvector`
        : sql`ts_delete(${document}, ${ACTIVE})`,
    })
    .where(eq(ticketSearch.ticketId, ticketId))
}

/** Writes the documents of tickets anew from what they hold now: after messages were moved or erased. */
export async function rebuildSearchWords(db: Db, ticketIds: readonly string[]): Promise<void> {
  for (const id of ticketIds) await rebuild(db, id)
}

async function rebuild(db: Db, ticketId: string): Promise<void> {
  const [ticket] = await db
    .select({ number: tickets.number, subject: tickets.subject, status: tickets.status })
    .from(tickets)
    .where(eq(tickets.id, ticketId))
  if (!ticket) return
  const messages = await db
    .select({
      kind: ticketMessages.kind,
      body: sql<string>`left(${ticketMessages.body}, ${SEARCHED_LENGTH})`,
    })
    .from(ticketMessages)
    .where(eq(ticketMessages.ticketId, ticketId))
    .orderBy(asc(ticketMessages.sequence))
  await db.delete(ticketSearch).where(eq(ticketSearch.ticketId, ticketId))
  await openSearch(db, { ticketId, number: ticket.number, subject: ticket.subject })
  for (const { kind, body } of messages)
    await addSearchWords(db, { ticketId, text: body, weight: kind === 'note' ? 'D' : 'C' })
  if (ticket.status === 'closed') await markActive(db, ticketId, false)
}

/** What somebody typed, as tsqueries: the words, and the last one by its beginning. */
export interface TextQuery {
  /** For `websearch_to_tsquery`: knows "phrases", -without and or. */
  whole: string
  /** For `to_tsquery`; null: the last word is complete. */
  beginning: string | null
}

export interface Candidate {
  id: string
  number: number
  createdAt: Date
  /** How well the words fit, 0 to 1; null: found by its requester. */
  rank: number | null
}

interface RawCandidate {
  id: string
  number: number
  created_at: number
  rank: number | null
}

/** Matches that are ranked together. */
export const BLOCK = 200

interface Window {
  /** Numbers from (and with) … to (and without). */
  from: number
  to: number
  /** A tsquery of block lexemes; null: too many of them, all that match are looked at. */
  marks: string | null
}

const [SMALL, MIDDLE, LARGE] = BLOCKS
const floorTo = (number: number, bits: number): number =>
  Math.floor(Math.max(0, number) / 2 ** bits) * 2 ** bits

/** Where to look for the newest below a number: windows that grow, each seen only when those before it were not enough. */
export function windowsBelow(bound: number): Window[] {
  const large = 2 ** LARGE[1]
  const steps: [(typeof BLOCKS)[number], (to: number) => number][] = [
    [SMALL, (to) => floorTo(to - 512, SMALL[1])],
    [SMALL, (to) => floorTo(to - 2_048, MIDDLE[1])],
    [MIDDLE, (to) => floorTo(to - 16_384, LARGE[1])],
    ...[1, 2, 4, 8].map((count): (typeof steps)[number] => [LARGE, (to) => Math.max(0, to - count * large)]),
  ]
  const windows: Window[] = []
  let to = bound
  for (const [[name, bits], next] of steps) {
    if (to <= 0) return windows
    const from = next(to)
    const [first, end] = [from / 2 ** bits, Math.ceil(to / 2 ** bits)]
    const blocks = Array.from({ length: end - first }, (_, i) => quoted(`${name}${first + i}`))
    windows.push({ from, to, marks: `(${blocks.join(' | ')})` })
    to = from
  }
  if (to > 0) windows.push({ from: 0, to, marks: null })
  return windows
}

/** The number after the newest ticket's. */
export async function numbersEnd(sqlClient: Sql): Promise<number> {
  const [row] = await sqlClient.unsafe<{ end: number }[]>(
    'select coalesce(max(number), 0)::float8 + 1 as end from ticket_search',
    [],
    { prepare: true },
  )
  return row?.end ?? 1
}

/** Subjects count most, notes least. As `ts_rank` wants it: D, C, B, A. */
const WEIGHTS = "'{0.1, 0.3, 0.4, 1}'"

/** The newest tickets below a number that hold the words and meet the conditions, and how well the words fit. */
export async function matchingTickets(
  sqlClient: Sql,
  { text, conditions, bound }: { text: TextQuery; conditions: readonly Condition[]; bound: number },
): Promise<Candidate[]> {
  const p = new Parameters()
  const words = `websearch_to_tsquery('simple', ${p.add(text.whole, 'text')})`
  const asked =
    text.beginning === null ? words : `(${words} && to_tsquery('simple', ${p.add(text.beginning, 'text')}))`
  const where = whereOf(conditions, p)
  const active = isActiveOnly(conditions) ? ` && '${quoted(ACTIVE).replaceAll("'", "''")}'::tsquery` : ''
  const branches = windowsBelow(bound).map(
    ({ from, to, marks }) => `(
  select s.ticket_id, s.number, s.document, t.created_at
  from ticket_search s join tickets t on t.id = s.ticket_id
  where s.document @@ (${asked}${active}${marks === null ? '' : ` && ${p.add(marks, 'tsquery')}`})
    and numnode(${asked}) > 0 and s.number >= ${p.add(from, 'bigint')} and s.number < ${p.add(to, 'bigint')} and ${where}
  order by s.number desc limit ${BLOCK})`,
  )
  const statement = `
select ticket_id as id, number::float8 as number, extract(epoch from created_at)::float8 * 1000 as created_at,
  ts_rank(${WEIGHTS}, document, ${asked}, 1)::float8 as rank
from (select * from (${branches.join(' union all ')}) windows limit ${BLOCK}) newest`
  const rows = await sqlClient.unsafe<RawCandidate[]>(statement, p.values as never[], { prepare: true })
  return rows.map(toCandidate)
}

const toCandidate = ({ created_at, ...row }: RawCandidate): Candidate => ({
  ...row,
  createdAt: new Date(created_at),
})

/** `%` and `_` in what people search for are letters, not wildcards. */
const contains = (text: string): string => `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
/** People of that name, or whose mail holds it: more are too many to mean one of them. */
const MAX_PEOPLE = 20

/** The newest tickets below a number of people whose name or mail holds a text. */
export async function ticketsOfPeople(
  sqlClient: Sql,
  { text, conditions, bound }: { text: string; conditions: readonly Condition[]; bound: number },
): Promise<Candidate[]> {
  const p = new Parameters()
  const wanted = p.add(contains(text), 'text')
  const statement = `
select t.id, t.number::float8 as number, extract(epoch from t.created_at)::float8 * 1000 as created_at, null as rank
from (
  select id from users where erased_at is null and (lower(name) like ${wanted} or email like ${wanted}) limit ${MAX_PEOPLE}
) u
join tickets t on t.requester_id = u.id
where t.number < ${p.add(bound, 'bigint')} and ${whereOf(conditions, p)}
order by t.number desc limit ${BLOCK}`
  const rows = await sqlClient.unsafe<RawCandidate[]>(statement, p.values as never[], { prepare: true })
  return rows.map(toCandidate)
}

/** The one ticket that was named. */
export async function ticketNamed(
  sqlClient: Sql,
  { by, conditions }: { by: { id: string } | { number: number }; conditions: readonly Condition[] },
): Promise<{ id: string; number: number } | undefined> {
  const p = new Parameters()
  const named = 'id' in by ? `t.id = ${p.add(by.id, 'text')}` : `t.number = ${p.add(by.number, 'bigint')}`
  const [row] = await sqlClient.unsafe<{ id: string; number: number }[]>(
    `select t.id, t.number::float8 as number from tickets t where ${named} and ${whereOf(conditions, p)}`,
    p.values as never[],
    { prepare: true },
  )
  return row
}
