import { type Fields, isFields } from '../client/failure.ts'
import { newIdempotencyKey } from '../client/idempotency.ts'
import { isTransient } from '../client/retry.ts'
import type { TextStorage } from '../client/text-storage.ts'
import type { DevForgeErrorCode, Input, Output } from '../contract.ts'
import { DevForgeError, isDevForgeError } from '../errors.ts'

/** Where what was written waits until it is sent: one text, written as a whole. */
export interface TicketOutboxStorage extends TextStorage {}

type Create = Omit<Input<'tickets.create'>, 'idempotencyKey'>
type Reply = Omit<Input<'tickets.reply'>, 'idempotencyKey' | 'version' | 'status'>

/** Something that was written and has not arrived yet. Its key makes it happen once, however often it is sent. */
export type QueuedEntry = {
  key: string
  atMs: number
  /** Whose words they are: nobody else sends or sees them. Null: nobody was signed in. */
  userId: string | null
} & (
  | { kind: 'create'; input: Create }
  /** `input.id` is a ticket, or the key of one that waits itself. */
  | { kind: 'reply'; input: Reply }
)

/** Something that the server refused: it stays until it is discarded, so that no words are lost. */
export type FailedEntry = QueuedEntry & { code: DevForgeErrorCode }

/** What became of something written: it has arrived, or it waits under this key. */
export type SendResult<T> = { sent: true; result: T } | { sent: false; key: string }

export interface TicketOutboxOptions {
  /** The client to send with; whoever wrote must be signed in by then. */
  forge: {
    session: { current(): Promise<{ user: { id: string } } | null> }
    tickets: {
      create(input: Input<'tickets.create'>): Promise<Output<'tickets.create'>>
      reply(input: Input<'tickets.reply'>): Promise<Output<'tickets.reply'>>
    }
  }
  storage: TicketOutboxStorage
  /** Told of each thing that arrived later than it was written. */
  onSent?: (key: string, result: Output<'tickets.create'> | Output<'tickets.reply'>) => void
  /** Told of each thing that the server refused. */
  onRefused?: (entry: FailedEntry) => void
  /** This machine's clock, ms since 1970. */
  now?: () => number
}

/** Tickets and answers that are written without a network: kept, and sent in order once there is one. */
export interface TicketOutbox {
  /**
   * Opens a ticket, now or once it can be sent. It is stored before it is sent, so that it survives the end of the editor.
   * @throws what the server refuses at once (INVALID_INPUT, …), LOCAL_FAILURE (too much waits, or it cannot be stored)
   */
  create(input: Create): Promise<SendResult<Output<'tickets.create'>>>
  /** Answers a ticket, or (by its key) one that waits itself. @throws as {@link create} */
  reply(input: Reply): Promise<SendResult<Output<'tickets.reply'>>>
  /** Sends what whoever is signed in has waiting, oldest first, and stops where the network does. Call it at the start, and when the network is back. */
  flush(): Promise<{ sent: number; waiting: number }>
  /** What waits, oldest first; for showing it. */
  pending(): Promise<QueuedEntry[]>
  /** What was refused, and why. */
  failed(): Promise<FailedEntry[]>
  /** Forgets something that waits or was refused. */
  discard(key: string): Promise<void>
}

/** Somebody who writes more than this without a network has other worries. */
const MAX_ENTRIES = 100
const VERSION = 1

interface Record {
  waiting: QueuedEntry[]
  failed: FailedEntry[]
  /** Tickets that were made of waiting ones, by their keys: for answers that were written before. */
  made: { [key: string]: string }
}

/**
 * An outbox over a storage of the application, for one process at a time: in Electron the main one (`fileTicketOutboxStorage` of `@devforge/sdk/node` keeps it in a file).
 * @example
 * const outbox = createTicketOutbox({ forge, storage })
 * const { sent } = await outbox.create({ subject, body, category: 'bug' })
 * if (!sent) show('It will be sent once you are online.')
 */
export function createTicketOutbox({
  forge,
  storage,
  onSent,
  onRefused,
  now = Date.now,
}: TicketOutboxOptions): TicketOutbox {
  /** One after the other: each reads, changes and writes the whole record. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work)
    turn = mine.catch(() => {})
    return mine
  }
  const change = async <T>(edit: (record: Record) => T): Promise<T> => {
    const record = parseRecord(await storage.read())
    const result = edit(record)
    await storage.write(JSON.stringify({ version: VERSION, ...record }))
    return result
  }

  const send = (entry: QueuedEntry, made: Record['made']) =>
    entry.kind === 'create'
      ? forge.tickets.create({ ...entry.input, idempotencyKey: entry.key })
      : forge.tickets.reply({
          ...entry.input,
          id: made[entry.input.id] ?? entry.input.id,
          idempotencyKey: entry.key,
        })

  const whoIsHere = async (): Promise<string | null> => (await forge.session.current())?.user.id ?? null
  /** What waits of one's own; what was written before anybody signed in belongs to whoever does. */
  const ownOf = async <E extends QueuedEntry>(entries: E[]): Promise<E[]> => {
    const userId = await whoIsHere()
    return entries.filter((entry) => entry.userId === userId || entry.userId === null)
  }

  /** Sends one thing and notes what became of it. @returns undefined when it must wait */
  async function sendOne(entry: QueuedEntry, made: Record['made']) {
    try {
      const result = await send(entry, made)
      await change((record) => {
        record.waiting = record.waiting.filter(({ key }) => key !== entry.key)
        if (entry.kind === 'create' && 'id' in result) noteMade(record, entry.key, result.id)
      })
      return { result }
    } catch (error) {
      if (!isDevForgeError(error)) throw error
      if (mustWait(error)) return undefined
      await change((record) => {
        record.waiting = record.waiting.filter(({ key }) => key !== entry.key)
        record.failed.push({ ...entry, code: error.code })
      })
      return { error }
    }
  }

  /** What stands before an entry must have arrived: answers come in the order in which they were written. */
  async function flushUntil(last?: string) {
    let sent = 0
    for (;;) {
      const record = parseRecord(await storage.read())
      const { made } = record
      const waiting = await ownOf(record.waiting)
      const entry = waiting[0]
      if (!entry) return { sent, waiting: 0, last: undefined }
      const outcome = await sendOne(entry, made)
      if (!outcome) return { sent, waiting: waiting.length, last: undefined }
      if (entry.key === last) return { sent, waiting: waiting.length - 1, last: outcome }
      if (outcome.error) onRefused?.({ ...entry, code: outcome.error.code })
      else {
        sent++
        onSent?.(entry.key, outcome.result)
      }
    }
  }

  const add = <T>(made: Pick<QueuedEntry, 'kind' | 'input'>): Promise<SendResult<T>> =>
    inTurn(async () => {
      const userId = await whoIsHere()
      const entry = { ...made, key: newIdempotencyKey(), atMs: now(), userId } as QueuedEntry
      await change((record) => {
        if (record.waiting.length >= MAX_ENTRIES)
          throw new DevForgeError('LOCAL_FAILURE', 'Too much waits to be sent. Send or discard some of it.')
        record.waiting.push(entry)
      })
      const { last } = await flushUntil(entry.key)
      if (!last) return { sent: false, key: entry.key }
      if (!last.error) return { sent: true, result: last.result as T }
      // Whoever wrote it is here and is told: it need not be kept for them.
      await change((record) => {
        record.failed = record.failed.filter(({ key }) => key !== entry.key)
      })
      throw last.error
    })

  return {
    create: (input) => add({ kind: 'create', input }),
    reply: (input) => add({ kind: 'reply', input }),
    flush: () =>
      inTurn(async () => {
        const { sent, waiting } = await flushUntil()
        return { sent, waiting }
      }),
    pending: () => inTurn(async () => ownOf(parseRecord(await storage.read()).waiting)),
    failed: () => inTurn(async () => ownOf(parseRecord(await storage.read()).failed)),
    discard: (key) =>
      inTurn(() =>
        change((record) => {
          record.waiting = record.waiting.filter((entry) => entry.key !== key)
          record.failed = record.failed.filter((entry) => entry.key !== key)
        }),
      ),
  }
}

/** The newest are kept: whoever shows a ticket by its key learns soon what it became. */
function noteMade(record: Record, key: string, id: string): void {
  record.made[key] = id
  for (const old of Object.keys(record.made).slice(0, -MAX_ENTRIES)) delete record.made[old]
}

/** Failures that say nothing of what was written: no network, no time, nobody signed in, too much at once. */
const mustWait = (error: DevForgeError): boolean =>
  isTransient(error) ||
  [
    'TIMEOUT',
    'ABORTED',
    'INTERNAL',
    'LOCAL_FAILURE',
    'AUTH_REQUIRED',
    'AUTH_SESSION_ENDED',
    'AUTH_RATE_LIMITED',
  ].includes(error.code)

/** What is not ours is as nothing: a file that somebody edited must not end the editor. */
function parseRecord(text: string | null): Record {
  let value: unknown = null
  try {
    value = text === null ? null : JSON.parse(text)
  } catch {
    // Half written by something that is not us.
  }
  const entries = <E extends QueuedEntry>(list: unknown): E[] =>
    Array.isArray(list) ? list.filter((entry): entry is E => isEntry(entry)) : []
  if (!isFields(value)) return { waiting: [], failed: [], made: {} }
  return {
    waiting: entries(value.waiting),
    failed: entries(value.failed),
    made: isFields(value.made) ? (value.made as Record['made']) : {},
  }
}

const isEntry = (value: unknown): boolean =>
  isFields(value) &&
  typeof value.key === 'string' &&
  Number.isFinite(value.atMs) &&
  (value.userId === null || typeof value.userId === 'string') &&
  (value.kind === 'create' || value.kind === 'reply') &&
  isFields(value.input as Fields)
