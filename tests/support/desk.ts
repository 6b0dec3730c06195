import type { TestApp } from './app.ts'
import { type Person, signUp } from './people.ts'

/** Somebody with a problem, and somebody who works on tickets. */
export interface Desk {
  customer: Person
  agent: Person
  admin: Person
}

/** An account that works on tickets, in the queues given (default: all). */
export async function hireAgent(
  t: TestApp,
  {
    role = 'agent',
    capacity = 10,
    queues,
    skills = [],
    name = 'Grace Hopper',
  }: {
    role?: 'agent' | 'admin'
    capacity?: number
    queues?: string[]
    skills?: string[]
    name?: string
  } = {},
): Promise<Person> {
  const person = await signUp(t, { role, name })
  await t.deps
    .sql`insert into support_agents (user_id, capacity, skills) values (${person.id}, ${capacity}, ${skills})`
  await t.deps.sql`
    insert into support_queue_agents (queue_id, agent_id)
    select id, ${person.id} from support_queues where ${queues ?? null}::text[] is null or slug = any(${queues ?? null}::text[])`
  return person
}

export async function openDesk(t: TestApp): Promise<Desk> {
  // Nothing is assigned by itself, so that tests say who works on what.
  await t.deps.sql`update support_queues set assignment = 'manual'`
  return {
    customer: await signUp(t),
    agent: await hireAgent(t),
    admin: await hireAgent(t, { role: 'admin' }),
  }
}

export const aTicket = (subject = 'The editor does not start') => ({
  subject,
  body: 'It shows a **white** window and nothing else.',
  category: 'bug' as const,
})
