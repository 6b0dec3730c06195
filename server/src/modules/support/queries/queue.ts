import { type Sql, ticketStatus, tickets } from '@devforge/db'
import { getTableColumns } from 'drizzle-orm'
import { MINUTE } from '../../../clock.ts'
import type { MessageRow } from './messages.ts'
import type { TicketRow, TicketStatus } from './tickets.ts'

/**
 * The desk's lists, by hand: each shape of a question is one prepared statement, whose conditions are spelled so that partial indexes
 * (what is not closed is 4 % of all) are seen to fit.
 */

/** What tickets must be. All that is given must hold. */
export interface Condition {
  /** Not closed, said so that indexes of what is not closed serve. */
  isActive?: boolean | undefined
  statuses?: readonly TicketStatus[] | undefined
  queueId?: string | undefined
  /** null: nobody. */
  assigneeId?: string | null | undefined
  priorities?: readonly TicketRow['priority'][] | undefined
  categories?: readonly TicketRow['category'][] | undefined
  tag?: string | undefined
  plans?: readonly TicketRow['plan'][] | undefined
  breached?: boolean | undefined
  requesterId?: string | undefined
  publisherId?: string | undefined
  createdFrom?: Date | undefined
  createdTo?: Date | undefined
  updatedFrom?: Date | undefined
  updatedTo?: Date | undefined
  /** A message of the customer waits for an answer. */
  isWaiting?: boolean | undefined
  dueBefore?: Date | undefined
}

export type QueueSort = 'due' | 'oldest' | 'newest' | 'updated'
/** Where a page ended: the key that it is sorted by, and the number of the ticket. */
export type QueuePlace = [key: string, number: number]

type Parameter = string | number | boolean | readonly string[]

/** Collects parameters as conditions are written. */
export class Parameters {
  readonly values: Parameter[] = []
  /** @returns its place in the statement, as the type given */
  add(value: Parameter | Date, type: string): string {
    this.values.push(value instanceof Date ? value.toISOString() : value)
    return `$${this.values.length}::${type}`
  }
}

/** Nothing that is due comes last. As `tickets_*_due_idx` spell it. */
const DUE = "coalesce(t.next_due_at, 'infinity')"

/**
 * The conditions as SQL about `tickets t`. Statuses stand in it as they are and once, together: so PostgreSQL sees which partial indexes fit,
 * and does not take what is said twice for rarer than it is.
 */
export function whereOf(all: readonly Condition[], parameters: Parameters): string {
  const terms = [statusTerm(all), ...all.flatMap((condition) => [...termsOf(condition, parameters)])]
  return [...new Set(terms)].join(' and ')
}

/** Whether what meets the conditions is not closed. */
export const isActiveOnly = (all: readonly Condition[]): boolean =>
  all.some(({ isActive, statuses }) => isActive || (statuses && !statuses.includes('closed')))

function statusTerm(all: readonly Condition[]): string {
  const wanted = ticketStatus.enumValues.filter((status) =>
    all.every(
      ({ isActive, statuses }) => !(isActive && status === 'closed') && (statuses?.includes(status) ?? true),
    ),
  )
  const missing = ticketStatus.enumValues.length - wanted.length
  if (missing === 0) return 'true'
  if (wanted.length === 0) return 'false'
  if (missing === 1 && !wanted.includes('closed')) return "t.status <> 'closed'"
  return `t.status in (${wanted.map((status) => `'${status}'`).join(', ')})`
}

function* termsOf(c: Condition, p: Parameters): Generator<string> {
  const among = (column: string, values: readonly string[] | undefined, type: string) =>
    values && `t.${column} = any(${p.add([...new Set(values)].sort(), 'text[]')}::${type}[])`
  if (c.queueId !== undefined) yield `t.queue_id = ${p.add(c.queueId, 'text')}`
  if (c.assigneeId === null) yield 't.assignee_id is null'
  else if (c.assigneeId !== undefined) yield `t.assignee_id = ${p.add(c.assigneeId, 'text')}`
  const lists = [
    among('priority', c.priorities, 'ticket_priority'),
    among('category', c.categories, 'ticket_category'),
    among('plan', c.plans, 'support_plan'),
  ]
  for (const term of lists) if (term !== undefined) yield term
  if (c.tag !== undefined) yield `t.tags @> ${p.add([c.tag], 'text[]')}`
  if (c.breached !== undefined) yield c.breached ? 't.breached' : 'not t.breached'
  if (c.requesterId !== undefined) yield `t.requester_id = ${p.add(c.requesterId, 'text')}`
  if (c.publisherId !== undefined) yield `t.publisher_id = ${p.add(c.publisherId, 'text')}`
  if (c.createdFrom) yield `t.created_at >= ${p.add(c.createdFrom, 'timestamptz')}`
  if (c.createdTo) yield `t.created_at < ${p.add(c.createdTo, 'timestamptz')}`
  if (c.updatedFrom) yield `t.updated_at >= ${p.add(c.updatedFrom, 'timestamptz')}`
  if (c.updatedTo) yield `t.updated_at < ${p.add(c.updatedTo, 'timestamptz')}`
  if (c.isWaiting) yield 't.waiting_since is not null'
  if (c.dueBefore) yield `${DUE} <= ${p.add(c.dueBefore, 'timestamptz')}`
}

const ORDERS: { [S in QueueSort]: { key: string; direction: 'asc' | 'desc' } } = {
  due: { key: DUE, direction: 'asc' },
  oldest: { key: 't.created_at', direction: 'asc' },
  newest: { key: 't.created_at', direction: 'desc' },
  updated: { key: 't.updated_at', direction: 'desc' },
}

/** Columns that no list shows. */
const { sla, requestHash, idempotencyKey, statusBeforeMerge, beforeMerge, publisherShare, ...LISTED } =
  getTableColumns(tickets)

/** A ticket as lists read it: without what they do not show. */
export type ListedRow = Pick<TicketRow, keyof typeof LISTED>

export interface QueueRow {
  ticket: ListedRow
  requesterName: string
  requesterEmail: string
  assigneeName: string | null
  preview: { authorType: MessageRow['authorType']; text: string; createdAt: Date } | null
}

interface RawRow extends Record<string, unknown> {
  requester_name: string
  requester_email: string
  assignee_name: string | null
  preview_author: MessageRow['authorType'] | null
  preview_text: string
  preview_at: string
}

const COLUMNS = Object.values(LISTED).map(({ name }) => `t.${name}`)

/** What is shown of the newest message, before it is made one line. */
const PREVIEW_CHARS = 400

/** People and the newest message beside the few tickets that were chosen: looked up one by one, whatever PostgreSQL thinks of their number. */
const shown = (chosen: string, order: string): string => `
select ${COLUMNS.join(', ')}, r.name as requester_name, r.email as requester_email, a.name as assignee_name,
  m.author_type as preview_author, m.text as preview_text, m.created_at as preview_at
from (${chosen}) t
join lateral (select name, email from users where id = t.requester_id limit 1) r on true
left join lateral (select name from users where id = t.assignee_id limit 1) a on true
left join lateral (
  select author_type, left(body, ${PREVIEW_CHARS}) as text, created_at
  from ticket_messages where ticket_id = t.id and kind = 'message'
  order by sequence desc limit 1
) m on true
order by ${order}`

function toRow(raw: RawRow): QueueRow {
  const ticket = Object.fromEntries(
    Object.entries(LISTED).map(([member, column]) => {
      const value = raw[column.name]
      return [member, value === null ? null : column.mapFromDriverValue(value)]
    }),
  )
  return {
    // The columns of the table, read as Drizzle reads them.
    ticket: ticket as unknown as ListedRow,
    requesterName: raw.requester_name,
    requesterEmail: raw.requester_email,
    assigneeName: raw.assignee_name,
    preview: raw.preview_author && {
      authorType: raw.preview_author,
      text: raw.preview_text,
      createdAt: new Date(raw.preview_at),
    },
  }
}

/** Of a tag that one ticket in 250 has, a page is found as soon by walking through the newest as by gathering all that have it. */
const COMMON_SHARE = 1 / 250
const COMMON_TAGS_MS = 10 * MINUTE

const knownTags = new WeakMap<Sql, { until: number; tags: Promise<Set<string>> }>()

/** Tags that many tickets have, as PostgreSQL's statistics know them. */
function commonTags(sql: Sql): Promise<Set<string>> {
  const known = knownTags.get(sql)
  if (known && performance.now() < known.until) return known.tags
  const tags = sql<{ tag: string }[]>`
    select e.tag from pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) as e (tag, share)
    where s.schemaname = current_schema() and s.tablename = 'tickets' and s.attname = 'tags' and e.tag is not null and e.share > ${COMMON_SHARE}`.then(
    (rows) => new Set(rows.map(({ tag }) => tag)),
  )
  knownTags.set(sql, { until: performance.now() + COMMON_TAGS_MS, tags })
  tags.catch(() => knownTags.delete(sql))
  return tags
}

/** Whether a list is of few tickets by their tag. PostgreSQL thinks walking cheaper than it is, and would pass by all others on the way. */
async function isRareTag(sql: Sql, conditions: readonly Condition[]): Promise<boolean> {
  const tags = conditions.flatMap(({ tag }) => tag ?? [])
  if (tags.length === 0 || isActiveOnly(conditions)) return false
  const common = await commonTags(sql)
  return tags.some((tag) => !common.has(tag))
}

/** A page of a queue, and one more. */
export async function listQueue(
  sql: Sql,
  {
    conditions,
    sort,
    after,
    limit,
  }: {
    conditions: readonly Condition[]
    sort: QueueSort
    after: QueuePlace | null
    limit: number
  },
): Promise<QueueRow[]> {
  const parameters = new Parameters()
  const { key, direction } = ORDERS[sort]
  const order = `${key} ${direction}, t.number ${direction}`
  let where = whereOf(conditions, parameters)
  if (after) {
    const place = `${parameters.add(after[0], 'timestamptz')}, ${parameters.add(after[1], 'bigint')}`
    where += ` and (${key}, t.number) ${direction === 'asc' ? '>' : '<'} (${place})`
  }
  const limited = `limit ${parameters.add(limit + 1, 'int')}`
  const columns = COLUMNS.join(', ')
  const chosen = (await isRareTag(sql, conditions))
    ? // All that have the tag are gathered, and sorted by what no index knows: by little of them; the rest is read of the page alone.
      `select ${columns} from tickets t join (
  select t.id from tickets t where ${where} order by ${key} + interval '0' ${direction}, t.number ${direction} ${limited}
) few on few.id = t.id`
    : `select ${columns} from tickets t where ${where} order by ${order} ${limited}`
  const rows = await sql.unsafe<RawRow[]>(shown(chosen, order), parameters.values as never[], {
    prepare: true,
  })
  return rows.map(toRow)
}

/** Where a page that ends with this ticket goes on. */
export function placeOf(ticket: ListedRow, sort: QueueSort): QueuePlace {
  const at = sort === 'due' ? ticket.nextDueAt : sort === 'updated' ? ticket.updatedAt : ticket.createdAt
  return [at === null ? 'infinity' : at.toISOString(), ticket.number]
}

/** Tickets of a list that was made elsewhere, in its order; those that are gone are left out. */
export async function listByIds(sql: Sql, ids: readonly string[]): Promise<QueueRow[]> {
  if (ids.length === 0) return []
  const chosen = `select ${COLUMNS.join(', ')} from tickets t where t.id = any($1::text[])`
  const rows = await sql.unsafe<RawRow[]>(shown(chosen, 'array_position($1::text[], t.id)'), [[...ids]], {
    prepare: true,
  })
  return rows.map(toRow)
}

/** Counts are exact up to here. */
export const COUNT_LIMIT = 1_000

/** How many tickets meet each of several conditions, up to one more than `COUNT_LIMIT`; in one statement. */
export async function countQueues(sql: Sql, questions: readonly (readonly Condition[])[]): Promise<number[]> {
  if (questions.length === 0) return []
  const parameters = new Parameters()
  const counts = questions.map(
    (conditions, i) =>
      `(select count(*)::int from (select 1 from tickets t where ${whereOf(conditions, parameters)} limit ${COUNT_LIMIT + 1}) c) as c${i}`,
  )
  const [row] = await sql.unsafe<Record<string, number>[]>(
    `select ${counts.join(', ')}`,
    parameters.values as never[],
    { prepare: true },
  )
  return questions.map((_, i) => row?.[`c${i}`] ?? 0)
}
