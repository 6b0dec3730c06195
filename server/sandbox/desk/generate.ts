import { createRandom, createZipf, type Random } from '../catalog/random.ts'
import { bodyWords, TAGS } from './vocabulary.ts'

export interface DeskOptions {
  /** How many tickets. */
  count: number
  seed?: number
  /** The present: everything happened before. */
  now: Date
}

type Status = 'new' | 'open' | 'pending' | 'on_hold' | 'solved' | 'closed'

export interface SeededMessage {
  id: string
  sequence: number
  isNote: boolean
  by: 'customer' | 'agent'
  authorId: string
  words: string[]
  at: Date
}

export interface SeededTicket {
  id: string
  number: number
  requesterId: string
  assigneeId: string | null
  subject: string[]
  category: string
  queueId: string
  priority: string
  plan: string
  status: Status
  tags: string[]
  messages: SeededMessage[]
  createdAt: Date
  updatedAt: Date
  holdUntil: Date | null
  solvedAt: Date | null
  closedAt: Date | null
  waitingSince: Date | null
  nextDueAt: Date | null
  breached: boolean
  score: number | null
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Over so long it all happened. */
const YEARS_MS = 3 * 365 * DAY_MS
export const FIRST_NUMBER = 1_000
/** Of all that are not closed, which lie among the newest. */
const ACTIVE_SHARE = 0.04
const ACTIVE_AMONG = 0.05

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

/** An id whose order is that of its making, as `newId`'s, but the same each time. */
export function orderedId(prefix: string, no: number, random: Random): string {
  let digits = ''
  for (let rest = no, i = 0; i < 8; i++, rest = Math.floor(rest / 32)) digits = LETTERS[rest % 32] + digits
  let tail = ''
  for (let i = 0; i < 3; i++) {
    let bits = random.bits()
    for (let letter = 0; letter < 5; letter++, bits >>>= 5) tail += LETTERS[bits & 31]
  }
  return `${prefix}_01${digits}${tail}0`
}

const weighted = <T>(random: Random, choices: readonly (readonly [T, number])[]): T => {
  let rest = random.next()
  for (const [choice, share] of choices) {
    rest -= share
    if (rest < 0) return choice
  }
  const [last] = choices.at(-1) ?? []
  if (last === undefined) throw new Error('nothing to choose from')
  return last
}

const CATEGORIES = [
  ['bug', 0.35],
  ['license', 0.2],
  ['extension', 0.15],
  ['billing', 0.15],
  ['other', 0.1],
  ['feature', 0.05],
] as const
const QUEUES: Record<string, string> = {
  billing: 'que_billing',
  license: 'que_billing',
  extension: 'que_extensions',
}
const PRIORITIES = [
  ['normal', 0.7],
  ['high', 0.15],
  ['low', 0.1],
  ['urgent', 0.05],
] as const
const PLANS = [
  ['free', 0.7],
  ['pro', 0.25],
  ['enterprise', 0.05],
] as const
const STATES = [
  ['solved', 0.35],
  ['open', 0.3],
  ['pending', 0.2],
  ['new', 0.08],
  ['on_hold', 0.07],
] as const

export const requesterCount = (count: number): number => Math.max(20, Math.ceil(count / 5))
export const AGENTS = 60

/** People of the desk, the same for the same seed. */
export function generatePeople({ count, seed = 1 }: DeskOptions): { requesters: string[]; agents: string[] } {
  const random = createRandom(seed + 7)
  const make = (from: number, many: number) =>
    Array.from({ length: many }, (_, i) => orderedId('usr', from + i, random))
  return { agents: make(0, AGENTS), requesters: make(AGENTS, requesterCount(count)) }
}

/**
 * Tickets of three years as desks have them, oldest first, the same for the same seed: 96 % closed, some people ask often and most once
 * (Zipf), two to six messages, a tenth of them notes, words by Zipf's law.
 */
export function* generateTickets(
  options: DeskOptions,
  { requesters, agents }: { requesters: string[]; agents: string[] },
): Generator<SeededTicket> {
  const { count, seed = 1, now } = options
  const random = createRandom(seed)
  const pickRequester = createZipf(requesters.length, 0.7)
  const pickAgent = createZipf(agents.length, 0.4)
  const pickTag = createZipf(TAGS.length)
  const firstActive = Math.floor(count * (1 - ACTIVE_AMONG))
  let sequence = 0
  for (let i = 0; i < count; i++) {
    const createdAt = new Date(
      now.getTime() - Math.floor(YEARS_MS * (1 - (i + random.next()) / count)) - 10 * MINUTE_MS,
    )
    const isActive = i >= firstActive && random.next() < ACTIVE_SHARE / ACTIVE_AMONG
    const status: Status = isActive ? weighted(random, STATES) : 'closed'
    const requesterId = requesters[pickRequester(random)] ?? ''
    const agentId = agents[pickAgent(random)] ?? ''
    const isAssigned = status === 'open' ? random.next() < 0.85 : status !== 'new'
    const category = weighted(random, CATEGORIES)
    const messages = makeMessages(random, { status, createdAt, requesterId, agentId, now, sequence })
    sequence += messages.length
    const last = messages.at(-1)
    const updatedAt = last?.at ?? createdAt
    const waits = (status === 'new' || status === 'open') && last?.by === 'customer'
    const isDone = status === 'solved' || status === 'closed'
    const recently = new Date(now.getTime() - Math.floor(random.next() * 14 * DAY_MS))
    const solvedAt =
      status === 'solved'
        ? recently > updatedAt
          ? recently
          : updatedAt
        : status === 'closed'
          ? updatedAt
          : null
    yield {
      id: orderedId('tkt', i, random),
      number: FIRST_NUMBER + i,
      requesterId,
      assigneeId: isAssigned ? agentId : null,
      subject: bodyWords(random, 3 + random.below(6)),
      category,
      queueId: QUEUES[category] ?? 'que_general',
      priority: weighted(random, PRIORITIES),
      plan: weighted(random, PLANS),
      status,
      tags:
        random.next() < 0.4
          ? [...new Set(Array.from({ length: 1 + random.below(3) }, () => TAGS[pickTag(random)] ?? ''))]
          : [],
      messages,
      createdAt,
      updatedAt: solvedAt !== null && solvedAt > updatedAt ? solvedAt : updatedAt,
      holdUntil: status === 'on_hold' ? new Date(now.getTime() + random.below(20 * DAY_MS)) : null,
      solvedAt,
      closedAt: status === 'closed' ? updatedAt : null,
      waitingSince: waits ? updatedAt : null,
      // Half of what waits has a promise that runs: some late, most to come.
      nextDueAt:
        (waits || status === 'pending') && random.next() < 0.6
          ? new Date(now.getTime() + Math.floor((random.next() * 5 - 0.3) * DAY_MS))
          : null,
      breached: random.next() < 0.06,
      score: isDone && random.next() < 0.2 ? 1 + random.below(5) : null,
    }
  }
}

function makeMessages(
  random: Random,
  {
    status,
    createdAt,
    requesterId,
    agentId,
    now,
    sequence,
  }: { status: Status; createdAt: Date; requesterId: string; agentId: string; now: Date; sequence: number },
): SeededMessage[] {
  const count = status === 'new' ? 1 : 2 + Math.floor(5 * random.next() ** 2)
  const step = Math.min(DAY_MS, (now.getTime() - createdAt.getTime()) / (count + 1))
  const messages: SeededMessage[] = []
  let at = createdAt.getTime()
  for (let i = 0; i < count; i++) {
    const isNote = i > 0 && random.next() < 0.1
    const isLast = i === count - 1
    const customers =
      i === 0 ||
      (status === 'open' && isLast && !isNote) ||
      (i % 2 === 0 && !(status === 'pending' && isLast))
    const by = customers && !isNote ? 'customer' : 'agent'
    messages.push({
      id: orderedId('msg', sequence + i, random),
      sequence: sequence + i + 1,
      isNote,
      by,
      authorId: by === 'customer' ? requesterId : agentId,
      words: bodyWords(random, 8 + random.below(30)),
      at: new Date(at),
    })
    at += Math.floor(step * (0.1 + 0.9 * random.next()))
  }
  return messages
}
