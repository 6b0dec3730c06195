import { newId, supportAgents, ticketMessages, users } from '@devforge/db'
import { eq, like } from 'drizzle-orm'
import { addMs, DAY, HOUR, MINUTE } from '../../src/clock.ts'
import { type Ctx, type SessionActor, systemContext } from '../../src/context.ts'
import type { Deps } from '../../src/deps.ts'
import { AppError } from '../../src/errors.ts'
import { openTicket } from '../../src/modules/support/service/create.ts'
import { rate, transition } from '../../src/modules/support/service/decide.ts'
import { saveMacro } from '../../src/modules/support/service/macros/macros.ts'
import { reply } from '../../src/modules/support/service/reply.ts'
import { createView } from '../../src/modules/support/service/views.ts'
import { addNote, claim, setPriority } from '../../src/modules/support/service/work.ts'
import { inTx } from '../../src/tx.ts'
import { CUSTOMERS, MACROS, STORIES, type Story, VIEWS } from './stories.ts'

interface People {
  agent: string
  admin: string
  customer: string
  others: string[]
}

/**
 * The desk of the demo: some people's tickets in all states, each told from its beginning at a time in the past by the real services, with
 * macros and views. Made once; what a stop interrupted is taken up again with the next ticket.
 * @returns how many were added
 */
export async function seedDesk(
  deps: Deps,
  {
    signal,
    stories = STORIES,
    ...mails
  }: {
    agentEmail: string
    adminEmail: string
    customerEmail: string
    signal?: AbortSignal
    stories?: readonly Story[]
  },
): Promise<number> {
  const people = await gather(deps, mails)
  if (!people) return 0
  await furnish(contextAt(deps, 0, 'admin', people.admin))
  let added = 0
  for (const [place, story] of stories.entries()) {
    if (signal?.aborted) break
    if (await tell(deps, story, people, `demo-story-${place}`)) added++
  }
  return added
}

async function gather(
  { db, sql: raw }: Deps,
  mails: { agentEmail: string; adminEmail: string; customerEmail: string },
): Promise<People | undefined> {
  const idOf = async (email: string): Promise<string | undefined> =>
    (await db.select({ id: users.id }).from(users).where(eq(users.email, email)))[0]?.id
  const [agent, admin, customer] = [
    await idOf(mails.agentEmail),
    await idOf(mails.adminEmail),
    await idOf(mails.customerEmail),
  ]
  if (!agent || !admin || !customer) return undefined
  await db
    .insert(supportAgents)
    .values([agent, admin].map((userId) => ({ userId })))
    .onConflictDoNothing()
  await raw`
    insert into support_queue_agents (queue_id, agent_id) select id, ${agent} from support_queues on conflict do nothing`
  const mail = (n: number): string => `asker-${n}@devforge.localhost`
  await db
    .insert(users)
    .values(CUSTOMERS.map((name, n) => ({ id: newId('usr'), name, email: mail(n), emailVerified: true })))
    .onConflictDoNothing()
  const others = await db
    .select({ id: users.id })
    .from(users)
    .where(like(users.email, 'asker-%@devforge.localhost'))
    .orderBy(users.email)
  return { agent, admin, customer, others: others.map(({ id }) => id) }
}

type ActorType = 'user' | 'agent' | 'admin'

/** Somebody at some time. Nobody wants to be told by mail of what is made up, and nothing of it is assigned by itself. */
function contextAt<T extends ActorType>(
  present: Deps,
  daysAgo: number,
  type: T,
  userId: string,
): Ctx<Extract<SessionActor, { type: T }>> {
  const at = addMs(present.clock.now(), -daysAgo * DAY)
  const deps: Deps = {
    ...present,
    jobs: { ...present.jobs, enqueue: async () => {} },
    limits: { ...present.limits, consume: async () => {} },
    clock: { ...present.clock, now: () => at },
  }
  const system = systemContext(deps, { type: 'system', job: 'seed' })
  // The three differ in nothing but their type.
  return { ...system, actor: { type, userId, sessionId: 'seed' } } as unknown as Ctx<
    Extract<SessionActor, { type: T }>
  >
}

/** Macros and views that everybody has. */
async function furnish(ctx: Ctx<Extract<SessionActor, { type: 'admin' }>>): Promise<void> {
  for (const macro of MACROS)
    await unlessThere(() => saveMacro(ctx, { ...macro, shared: true, active: true }))
  for (const [position, view] of VIEWS.entries())
    await unlessThere(() => createView(ctx, { ...view, shared: true, position }))
}

async function unlessThere(make: () => Promise<unknown>): Promise<void> {
  try {
    await make()
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'DESK_NAME_TAKEN')) throw error
  }
}

/** @returns whether it was new */
async function tell(deps: Deps, story: Story, people: People, key: string): Promise<boolean> {
  const requesterId = story.by === null ? people.customer : people.others[story.by]
  if (!requesterId) return false
  const [known] = await deps.db
    .select({ id: ticketMessages.id })
    .from(ticketMessages)
    .where(eq(ticketMessages.idempotencyKey, key))
  if (known) return false
  const [[, body] = ['customer', ''], ...talk] = story.talk
  let ago = story.daysAgo
  // What is said takes its time, but all of it lies in the past.
  const step = Math.min(3 * HOUR, (story.daysAgo * DAY) / (talk.length + 3)) / DAY
  const as = <T extends ActorType>(type: T, userId: string) => {
    ago -= step
    return contextAt(deps, Math.max(ago, MINUTE / DAY), type, userId)
  }
  const { ticket } = await inTx(contextAt(deps, ago, 'user', requesterId), (ctx) =>
    openTicket(ctx, {
      requesterId,
      subject: story.subject,
      body,
      category: story.category,
      source: 'editor',
      messageKey: key,
      tags: story.tags,
    }),
  )
  const { id } = ticket
  if (story.priority) await setPriority(as('agent', people.agent), { id, priority: story.priority })
  if (!story.unassigned) await claim(as('agent', people.agent), { id })
  for (const [who, text] of talk) {
    if (who === 'customer') await reply(as('user', requesterId), { id, body: text, source: 'editor' })
    else if (who === 'note') await addNote(as('agent', people.agent), { id, body: text })
    else await reply(as('agent', people.agent), { id, body: text, source: 'web' })
  }
  await finish(story, { id, as, ...people, requesterId })
  await deps.sql`
    update outbox set sent_at = now(), sealed = null
    where sent_at is null and (dedupe_key = ${`mail:ticket-opened:${id}`}
      or dedupe_key in (select 'mail:ticket-answered:' || m.id from ticket_messages m where m.ticket_id = ${id}))`
  return true
}

async function finish(
  { end, score, daysAgo }: Story,
  {
    id,
    as,
    agent,
    admin,
    requesterId,
  }: {
    id: string
    as: <T extends ActorType>(type: T, userId: string) => Ctx<Extract<SessionActor, { type: T }>>
    agent: string
    admin: string
    requesterId: string
  },
): Promise<void> {
  if (!end) return
  const ctx = as('agent', agent)
  const [row] = await ctx.deps.sql<{ version: number }[]>`select version from tickets where id = ${id}`
  const version = row?.version ?? 1
  if (end === 'on_hold') {
    const until = addMs(ctx.deps.clock.now(), (daysAgo + 5) * DAY)
    await transition(ctx, { id, to: end, reason: 'Waits for somebody else', until, version })
    return
  }
  await transition(ctx, { id, to: end === 'closed' ? 'solved' : end, version })
  if (score !== undefined) await rate(as('user', requesterId), { id, score })
  if (end !== 'closed') return
  const closing = as('admin', admin)
  const [solved] = await closing.deps.sql<{ version: number }[]>`select version from tickets where id = ${id}`
  await transition(closing, { id, to: 'closed', version: solved?.version ?? 1 })
}
