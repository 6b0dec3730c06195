import { type Db, type Sql, TICKET_SEARCH_TIERS, ticketMessages, ticketSearch, tickets } from '@devforge/db'
import { asc, eq, sql } from 'drizzle-orm'
import { type Condition, isActiveOnly, Parameters, whereOf } from './queue.ts'

/**
 * What agents search tickets by: one document per ticket of the words of its subject (A), messages (C) and notes (D), and a lexeme that is
 * no word: whether it is not closed. No parser makes a lexeme that begins with `=`.
 */
export const ACTIVE = '=active'

const ACTIVE_VECTOR = `'${ACTIVE}'`

/** What of a text is searched: words beyond it are found in the ticket itself. */
export const SEARCHED_LENGTH = 20_000
/** Of a document: PostgreSQL refuses those of more than a megabyte, and with it the message that made it so. */
const MAX_DOCUMENT_BYTES = 600_000

export type Weight = 'A' | 'C' | 'D'
const vectorOf = (text: string, weight: Weight) =>
  sql`setweight(to_tsvector('simple', ${text.slice(0, SEARCHED_LENGTH)}), ${weight}::"char")`

/** Makes a ticket known to the search, by its subject alone. */
export async function openSearch(
  db: Db,
  { ticketId, number, subject }: { ticketId: string; number: number; subject: string },
): Promise<void> {
  const document = sql`${vectorOf(subject, 'A')} || ${ACTIVE_VECTOR}::tsvector`
  await db
    .insert(ticketSearch)
    .values({ ticketId, number, document })
    .onConflictDoUpdate({ target: ticketSearch.ticketId, set: { document } })
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
        ? sql`${document} || ${ACTIVE_VECTOR}::tsvector`
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

/** Nothing typed yet but the beginning of a word: PostgreSQL would tell at each step that there are no words. */
function tsquery({ whole, beginning }: TextQuery, p: Parameters): string {
  const words = () => `websearch_to_tsquery('simple', ${p.add(whole, 'text')})`
  const open = () => `to_tsquery('simple', ${p.add(beginning ?? '', 'text')})`
  if (beginning === null) return words()
  return whole.trim() === '' ? open() : `(${words()} && ${open()})`
}

/** Matches that are ranked together. */
export const BLOCK = 60

/** So many of the newest tell how common a text is. */
const SAMPLE = 256

/** In how many of the newest tickets each of some texts is; null: there are too few to tell. */
export async function countInNewest(sqlClient: Sql, texts: readonly TextQuery[]): Promise<number[] | null> {
  const p = new Parameters()
  const counts = texts.map(
    (text, i) => `count(*) filter (where document @@ (select ${tsquery(text, p)}))::int as c${i}`,
  )
  const [row] = await sqlClient.unsafe<Record<string, number>[]>(
    `select count(*)::int as read, ${counts.join(', ')}
from (select document from ticket_search order by number desc limit ${SAMPLE}) newest`,
    p.values as never[],
    { prepare: true },
  )
  return row?.read === SAMPLE ? texts.map((_, i) => row[`c${i}`] ?? 0) : null
}

/** So many of the newest are read one by one, if the text is common: enough of them hold it. */
const WALKED = 1_024

/** Subjects count most, notes least. As `ts_rank` wants it: D, C, B, A. */
const WEIGHTS = "'{0.1, 0.3, 0.4, 1}'"

/**
 * The newest tickets below a number that hold the words and meet the conditions, and how well the words fit. What is common is looked for in
 * the newest, one by one; then tier by tier is looked through by its words, each only when those before it were not enough.
 */
export async function matchingTickets(
  sqlClient: Sql,
  {
    text,
    isCommon,
    readerId,
    conditions,
    bound,
  }: {
    text: TextQuery
    isCommon: boolean
    /** Finds nothing by notes about the own tickets; by what is not in them none at all, since that would tell what is in the notes. */
    readerId: string
    conditions: readonly Condition[]
    bound: number
  },
): Promise<Candidate[]> {
  const p = new Parameters()
  const asked = tsquery(text, p)
  const words = '(select words from asked)'
  const reader = p.add(readerId, 'text')
  const known = "ts_filter(s.document, '{a,c}')"
  const below = p.add(bound, 'bigint')
  const active = isActiveOnly(conditions) ? ` && '''${ACTIVE}'''::tsquery` : ''
  const where = `s.document @@ (select wanted from asked) and numnode(${words}) > 0
  and (t.requester_id <> ${reader} or ${known} @@ ${words} and not (select negates from asked)) and ${whereOf(conditions, p)}`
  // Also how well the own ones fit says nothing of notes.
  const found = `select s.ticket_id, s.number, case when t.requester_id = ${reader} then ${known} else s.document end as document, t.created_at`
  // By a number that no index knows: whoever holds out for sixty matches of a word that is in none walks through everything.
  const ordered = `order by s.number + 0 desc limit ${BLOCK}`
  const floor = isCommon
    ? `(select coalesce(min(number), 0) from (select number from ticket_search where number < ${below} order by number desc limit ${WALKED}) walked)`
    : below
  const walk = `${found} from ticket_search s join tickets t on t.id = s.ticket_id where s.number < ${below} and s.number >= ${floor} and ${where} order by s.number desc limit ${BLOCK}`
  const tiers = Array.from(
    { length: TICKET_SEARCH_TIERS.length + 1 },
    (_, tier) =>
      `${found} from ticket_search s join tickets t on t.id = s.ticket_id where s.tier = ${tier} and s.number + 0 < ${floor} and ${where} ${ordered}`,
  )
  const parts = isCommon ? [walk, ...tiers] : tiers
  const statement = `
with asked as materialized (select words, words${active} as wanted, position('!' in words::text) > 0 as negates from (select ${asked} as words) typed)
select ticket_id as id, number::float8 as number, extract(epoch from created_at)::float8 * 1000 as created_at,
  ts_rank(${WEIGHTS}, document, ${words}, 1)::float8 as rank
from (
  select * from (${parts.map((part) => `(${part})`).join(' union all ')}) all_of_them limit ${BLOCK}
) newest`
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
/**
 * Planned as if so many were wanted: where it thinks a name common, PostgreSQL hopes to meet twenty of that name soon, and reads through
 * everybody when it does not.
 */
const PLANNED_PEOPLE = 2_000

/** The newest tickets below a number of people whose name or mail holds a text. */
export async function ticketsOfPeople(
  sqlClient: Sql,
  { text, conditions, bound }: { text: string; conditions: readonly Condition[]; bound: number },
): Promise<Candidate[]> {
  const p = new Parameters()
  const wanted = p.add(contains(text), 'text')
  const statement = `
with found as materialized (
  select id from users where erased_at is null and (lower(name) like ${wanted} or email like ${wanted}) limit ${PLANNED_PEOPLE}
)
select t.id, t.number::float8 as number, extract(epoch from t.created_at)::float8 * 1000 as created_at, null as rank
from (select id from found order by id limit ${MAX_PEOPLE}) u
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
