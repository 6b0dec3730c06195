import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, bytes, count, id, timestamps, tsvector } from '../columns.ts'
import { users } from './identity.ts'
import { publishers } from './marketplace.ts'
import { supportPlan, supportQueues, ticketCategory, ticketPriority } from './support.ts'

export const ticketStatus = pgEnum('ticket_status', ['new', 'open', 'pending', 'on_hold', 'solved', 'closed'])
/** Where something came from. */
export const ticketSource = pgEnum('ticket_source', ['editor', 'web', 'mail', 'api', 'system'])

/** What of a ticket about an extension its publisher may see; chosen by the customer. The subject goes with any of them. */
export type PublisherShare = 'messages' | 'diagnostics' | 'contact'

/** One promise of a ticket: when its clock ran, and what came of it. Times in epoch milliseconds. */
export interface SlaTimer {
  /** 1, 2, …: which of the ticket's promises of this kind. */
  cycle: number
  /** `to: null` while it runs. */
  runs: { from: number; to: number | null }[]
  /** How it ended: kept, or with nothing left to promise (solved without an answer, merged). */
  outcome: 'met' | 'cancelled' | null
  /**
   * What was last promised, so that a breach before a change of policy is known after it, whether the sweep came by in between or not;
   * null while nothing is promised, or while paused.
   */
  dueAt: number | null
  targetMs: number | null
  /** What had been promised when it was broken. Once there, it stays. */
  breachedDueAt: number | null
  /** The assignee was told that it gets late. */
  warned: boolean
}

/** The clocks of a ticket (`modules/support/sla`). */
export interface SlaState {
  firstResponse: SlaTimer
  /** The last one; null until the customer writes after an answer. */
  nextResponse: SlaTimer | null
  resolution: SlaTimer
}

/** What else the undo of a merge needs to know. Times in epoch ms. */
export interface BeforeMerge {
  hold: { until: number; reason: string | null } | null
  /** Since when the merged ticket, and the one that took it in, waited for an answer. */
  waitingSince: number | null
  targetWaitingSince: number | null
}

/** What is due first comes first, what nothing was promised for comes last. As the queries of the desk spell it. */
const urgency = (nextDueAt: AnyPgColumn) => sql`coalesce(${nextDueAt}, 'infinity')`

/**
 * Tickets. A row holds what lists and clocks ask for; what was said stands in `ticket_messages`, what happened in `ticket_events`.
 * Whoever changes a ticket locks its row, checks `version`, and moves it on by one.
 */
export const tickets = pgTable(
  'tickets',
  {
    id: id('tkt'),
    /** For people: #1042. */
    number: bigint('number', { mode: 'number' }).notNull().generatedAlwaysAsIdentity({ startWith: 1000 }),
    requesterId: text('requester_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    subject: text('subject').notNull(),
    category: ticketCategory('category').notNull(),
    priority: ticketPriority('priority').notNull().default('normal'),
    status: ticketStatus('status').notNull().default('new'),
    source: ticketSource('source').notNull(),
    queueId: text('queue_id')
      .notNull()
      .references(() => supportQueues.id, { onDelete: 'restrict' }),
    assigneeId: text('assignee_id').references(() => users.id, { onDelete: 'restrict' }),
    /** The requester's plan; upgrades while the ticket is open count. */
    plan: supportPlan('plan').notNull().default('free'),
    tags: text('tags').array().notNull().default([]),
    /** Skills that whoever is assigned by skill must have. */
    skills: text('skills').array().notNull().default([]),
    version: integer('version').notNull().default(1),

    holdReason: text('hold_reason'),
    holdUntil: at('hold_until'),
    mergedIntoId: text('merged_into_id'),
    /** The status before it was merged, for the undo. */
    statusBeforeMerge: ticketStatus('status_before_merge'),
    beforeMerge: jsonb('before_merge').$type<BeforeMerge>(),
    /** The closed ticket that this one goes on with. */
    followUpOfId: text('follow_up_of_id'),
    splitFromId: text('split_from_id'),
    idempotencyKey: text('idempotency_key'),
    /** SHA-256 of the request that the key stands for. */
    requestHash: bytes('request_hash'),

    statusChangedAt: at('status_changed_at').notNull(),
    firstAssignedAt: at('first_assigned_at'),
    /** The first public reply of an agent; auto-replies do not count. */
    firstResponseAt: at('first_response_at'),
    lastCustomerMessageAt: at('last_customer_message_at'),
    lastAgentMessageAt: at('last_agent_message_at'),
    /** The oldest message of the customer that no agent has answered, or a reopening without one; null: nothing waits. */
    waitingSince: at('waiting_since'),
    firstSolvedAt: at('first_solved_at'),
    lastSolvedAt: at('last_solved_at'),
    reopenedAt: at('reopened_at'),
    reopenCount: count('reopen_count').notNull().default(0),
    closedAt: at('closed_at'),

    firstResponseDueAt: at('first_response_due_at'),
    nextResponseDueAt: at('next_response_due_at'),
    resolutionDueAt: at('resolution_due_at'),
    /** The earliest of those that run, also one that was broken; what the queue is sorted by. */
    nextDueAt: at('next_due_at'),
    /** When the sweep has to look at it next: to warn, or to write down a breach. */
    slaCheckAt: at('sla_check_at'),
    /** A promise has been broken, however long ago. */
    breached: boolean('breached').notNull().default(false),
    sla: jsonb('sla').$type<SlaState>(),

    satisfactionScore: integer('satisfaction_score'),
    satisfactionComment: text('satisfaction_comment'),
    ratedAt: at('rated_at'),

    /** The publisher of the extension that it is about, once the customer agreed to share something. */
    publisherId: text('publisher_id').references(() => publishers.id, { onDelete: 'restrict' }),
    publisherShare: text('publisher_share').array().$type<PublisherShare[]>().notNull().default([]),
    /** The customer wants no mails about it: they read it in the editor. */
    mailMuted: boolean('mail_muted').notNull().default(false),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('tickets_number_key').on(t.number),
    uniqueIndex('tickets_requester_idempotency_key').on(t.requesterId, t.idempotencyKey),
    index('tickets_requester_id_idx').on(t.requesterId, t.id),
    // The agents' views: what is not closed, by queue, assignee and what is due first; then by age and by the last change.
    index('tickets_desk_due_idx').on(urgency(t.nextDueAt), t.number).where(sql`${t.status} <> 'closed'`),
    index('tickets_desk_queue_idx')
      .on(t.queueId, urgency(t.nextDueAt), t.number)
      .where(sql`${t.status} <> 'closed'`),
    // What waits for an agent, in the order in which it is given to them.
    index('tickets_waiting_idx')
      .on(t.queueId, t.nextDueAt, t.priority.desc(), t.id)
      .where(sql`${t.assigneeId} is null and ${t.status} in ('new', 'open')`),
    index('tickets_rated_idx')
      .on(t.assigneeId, t.ratedAt, t.satisfactionScore)
      .where(sql`${t.satisfactionScore} is not null`),
    index('tickets_desk_assignee_idx')
      .on(t.assigneeId, urgency(t.nextDueAt), t.number)
      .where(sql`${t.status} <> 'closed'`),
    index('tickets_desk_unassigned_idx')
      .on(urgency(t.nextDueAt), t.number)
      .where(sql`${t.assigneeId} is null and ${t.status} in ('new', 'open')`),
    index('tickets_desk_breached_idx')
      .on(urgency(t.nextDueAt), t.number)
      .where(sql`${t.breached} and ${t.status} <> 'closed'`),
    index('tickets_desk_hold_idx').on(urgency(t.nextDueAt), t.number).where(sql`${t.status} = 'on_hold'`),
    index('tickets_desk_created_idx').on(t.createdAt, t.number).where(sql`${t.status} <> 'closed'`),
    index('tickets_desk_updated_idx').on(t.updatedAt, t.number).where(sql`${t.status} <> 'closed'`),
    index('tickets_created_idx').on(t.createdAt, t.number),
    index('tickets_updated_idx').on(t.updatedAt, t.number),
    index('tickets_tags_idx').using('gin', t.tags).with({ fastupdate: false }),
    index('tickets_due_idx').on(t.nextDueAt).where(sql`${t.nextDueAt} is not null`),
    index('tickets_sla_check_idx').on(t.slaCheckAt, t.id).where(sql`${t.slaCheckAt} is not null`),
    // The tickets that run by a policy, for when it changes.
    index('tickets_policy_idx')
      .on(t.plan, t.priority, t.id)
      .where(sql`${t.status} in ('new', 'open', 'pending', 'on_hold')`),
    index('tickets_hold_idx').on(t.holdUntil).where(sql`${t.status} = 'on_hold'`),
    index('tickets_pending_idx').on(t.statusChangedAt).where(sql`${t.status} = 'pending'`),
    index('tickets_solved_idx').on(t.lastSolvedAt).where(sql`${t.status} = 'solved'`),
    // How long people waited, for reports over some days.
    index('tickets_first_response_at_idx').on(t.firstResponseAt).where(sql`${t.firstResponseAt} is not null`),
    index('tickets_last_solved_at_idx').on(t.lastSolvedAt).where(sql`${t.lastSolvedAt} is not null`),
    index('tickets_publisher_idx').on(t.publisherId, t.id).where(sql`${t.publisherId} is not null`),
    index('tickets_merged_into_idx').on(t.mergedIntoId).where(sql`${t.mergedIntoId} is not null`),
    index('tickets_follow_up_of_idx').on(t.followUpOfId).where(sql`${t.followUpOfId} is not null`),
    index('tickets_split_from_idx').on(t.splitFromId).where(sql`${t.splitFromId} is not null`),
    check('tickets_merged_is_closed', sql`${t.mergedIntoId} is null or ${t.status} = 'closed'`),
    check('tickets_not_merged_into_itself', sql`${t.mergedIntoId} <> ${t.id}`),
    check('tickets_hold_has_end', sql`(${t.status} = 'on_hold') = (${t.holdUntil} is not null)`),
    check('tickets_closed_has_time', sql`(${t.status} = 'closed') = (${t.closedAt} is not null)`),
    check('tickets_score_range', sql`${t.satisfactionScore} between 1 and 5`),
  ],
)

/** `message` is public: the customer sees it. A `note` never leaves the desk. */
export const messageKind = pgEnum('message_kind', ['message', 'note'])
export const messageAuthor = pgEnum('message_author', ['customer', 'agent', 'publisher', 'system'])

/** What was said. Never changed; merged and split tickets move theirs and remember where they were. */
export const ticketMessages = pgTable(
  'ticket_messages',
  {
    id: id('msg'),
    /** The order within a ticket: written under its lock. */
    sequence: bigint('sequence', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id, { onDelete: 'restrict' }),
    kind: messageKind('kind').notNull(),
    authorType: messageAuthor('author_type').notNull(),
    /** Null: the system. */
    authorId: text('author_id').references(() => users.id, { onDelete: 'restrict' }),
    /** Markdown; sanitized when it is rendered. */
    body: text('body').notNull(),
    source: ticketSource('source').notNull(),
    /** Written by a machine (out of office, a macro of the system): answers nothing. */
    isAuto: boolean('is_auto').notNull().default(false),
    /** `Message-ID` of the mail that it came by, or went out by. */
    mailMessageId: text('mail_message_id'),
    idempotencyKey: text('idempotency_key'),
    /** The ticket that it was written to, where a merge or a split moved it. */
    movedFromId: text('moved_from_id'),
    /** The tickets that it stood in before, the last one last: undoing a merge or a split takes it back by one. */
    movedThrough: text('moved_through').array().notNull().default([]),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    index('ticket_messages_ticket_idx').on(t.ticketId, t.sequence),
    uniqueIndex('ticket_messages_mail_message_id_key').on(t.mailMessageId),
    uniqueIndex('ticket_messages_author_idempotency_key').on(t.authorId, t.idempotencyKey),
    index('ticket_messages_moved_from_idx').on(t.movedFromId).where(sql`${t.movedFromId} is not null`),
  ],
)

/** Files of messages. Uploaded first and attached then; those that never are get swept. */
export const ticketAttachments = pgTable(
  'ticket_attachments',
  {
    id: id('att'),
    /** Null until a message takes it. */
    ticketId: text('ticket_id').references(() => tickets.id, { onDelete: 'restrict' }),
    messageId: text('message_id').references(() => ticketMessages.id, { onDelete: 'restrict' }),
    /** Null: it came by mail. */
    uploaderId: text('uploader_id').references(() => users.id, { onDelete: 'restrict' }),
    fileName: text('file_name').notNull(),
    /** As sniffed from its bytes, never as told. */
    contentType: text('content_type').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    /** Null while it arrives. */
    sha256: bytes('sha256'),
    /** Null once its bytes are gone, too. */
    storageKey: text('storage_key'),
    /** It is not there any more (retention, erasure, nobody took it); the row tells that there was something, and what is to be deleted. */
    deletedAt: at('deleted_at'),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    index('ticket_attachments_ticket_idx').on(t.ticketId),
    index('ticket_attachments_message_idx').on(t.messageId),
    index('ticket_attachments_uploader_idx').on(t.uploaderId),
    index('ticket_attachments_loose_idx').on(t.createdAt).where(sql`${t.messageId} is null`),
    index('ticket_attachments_doomed_idx')
      .on(t.id)
      .where(sql`${t.deletedAt} is not null and ${t.storageKey} is not null`),
  ],
)

/** What an editor told of itself, shown to its user before and redacted on both sides. Kept for 90 days. */
export const ticketDiagnostics = pgTable(
  'ticket_diagnostics',
  {
    ticketId: text('ticket_id')
      .primaryKey()
      .references(() => tickets.id, { onDelete: 'restrict' }),
    data: jsonb('data').$type<Record<string, unknown>>().notNull(),
    createdAt: at('created_at').notNull(),
    expiresAt: at('expires_at').notNull(),
  },
  (t) => [index('ticket_diagnostics_expires_idx').on(t.expiresAt)],
)

/** What a ticket is about. `targetId` is an id, or `publisher.name` of an extension. */
export const ticketLinks = pgTable(
  'ticket_links',
  {
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<'license' | 'payment' | 'extension' | 'article' | 'ticket'>().notNull(),
    targetId: text('target_id').notNull(),
    /** Of an extension. */
    targetVersion: text('target_version'),
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.ticketId, t.kind, t.targetId] }),
    index('ticket_links_target_idx').on(t.kind, t.targetId),
  ],
)

/**
 * What happened to a ticket, in the order in which it was committed: streams go on from any point of it. Append-only.
 * `isPublic` events are the customer's to see.
 */
export const ticketEvents = pgTable(
  'ticket_events',
  {
    sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id, { onDelete: 'restrict' }),
    /** For the stream over all tickets of a person. */
    requesterId: text('requester_id').notNull(),
    type: text('type').notNull(),
    /** The ticket's version after it. */
    version: integer('version').notNull(),
    actor: text('actor').notNull(),
    isPublic: boolean('is_public').notNull(),
    messageId: text('message_id'),
    reason: text('reason'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    requestId: text('request_id'),
    at: at('at').notNull(),
  },
  (t) => [
    index('ticket_events_ticket_idx').on(t.ticketId, t.sequence),
    index('ticket_events_at_idx').using('brin', t.at),
    index('ticket_events_requester_idx').on(t.requesterId, t.sequence).where(sql`${t.isPublic}`),
  ],
)

export const slaMetric = pgEnum('sla_metric', ['first_response', 'next_response', 'resolution'])

/** Promises that were broken: once per ticket, metric and cycle, however often the sweep runs. They stay, whatever changes later. */
export const slaBreaches = pgTable(
  'sla_breaches',
  {
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id, { onDelete: 'restrict' }),
    metric: slaMetric('metric').notNull(),
    cycle: integer('cycle').notNull(),
    /** What had been promised. */
    dueAt: at('due_at').notNull(),
    assigneeId: text('assignee_id'),
    at: at('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.ticketId, t.metric, t.cycle] }), index('sla_breaches_at_idx').on(t.at)],
)

/** Text indexes of `ticket_search`: how many of the newest tickets stand in each tier and those before it; the last one has the rest. */
export const TICKET_SEARCH_TIERS = [16_384, 81_920, 344_064] as const
const tiers = Array.from({ length: TICKET_SEARCH_TIERS.length + 1 }, (_, tier) => tier)

/**
 * What agents search tickets by; apart from the tickets, so that those stay narrow. Holds notes, too: never for customers. By age it stands in
 * tiers, each with a text index of its own, so that the newest that have a common word are found without looking at all that have it.
 */
export const ticketSearch = pgTable(
  'ticket_search',
  {
    ticketId: text('ticket_id')
      .primaryKey()
      .references(() => tickets.id, { onDelete: 'cascade' }),
    /** The ticket's: what is newest is found first. */
    number: bigint('number', { mode: 'number' }).notNull(),
    /** 0: the newest. Moved on in the order of numbers, so that all of a tier are newer than all of the next. */
    tier: smallint('tier').notNull().default(0),
    document: tsvector('document').notNull(),
  },
  (t) => [
    index('ticket_search_number_idx').on(t.number),
    index('ticket_search_tier_idx').on(t.tier, t.number),
    // Without a list of what is pending: each search would read all of it.
    ...tiers.map((tier) =>
      index(`ticket_search_words_${tier}`)
        .using('gin', t.document)
        .with({ fastupdate: false })
        .where(sql.raw(`tier = ${tier}`)),
    ),
  ],
)
