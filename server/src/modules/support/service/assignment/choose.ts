import type { AssignmentMode, Candidate } from '../../queries/assignment.ts'

/** Ways to choose; `manual` leaves it to people. */
export type Choosing = Exclude<AssignmentMode, 'manual'>

export const hasRoom = ({ load, capacity }: Pick<Candidate, 'load' | 'capacity'>): boolean => load < capacity

const hasSkills = (agent: Pick<Candidate, 'skills'>, skills: string[]): boolean =>
  skills.every((skill) => agent.skills.includes(skill))

type Order = (a: Candidate, b: Candidate) => number

/** Whoever was not given anything for the longest time; whoever never was comes first. */
const byTurn: Order = (a, b) => (a.lastAssignedAt?.getTime() ?? 0) - (b.lastAssignedAt?.getTime() ?? 0)
/** As a share of what they can take: half a job is full with half as many. */
const byLoad: Order = (a, b) => a.load / a.capacity - b.load / b.capacity
/** Whoever can do little else, so that those who can stay free for it. */
const bySkills: Order = (a, b) => a.skills.length - b.skills.length
const byId: Order = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** What counts first, and what decides between equals. The id comes last: the same agents always give the same choice. */
const ORDERS: { [M in Choosing]: Order[] } = {
  round_robin: [byTurn, byId],
  least_loaded: [byLoad, byTurn, byId],
  skill: [byLoad, bySkills, byTurn, byId],
}

/**
 * The agent who gets a ticket: of those who have room for it and all of its skills, by the queue's way to choose. Pure.
 * @returns undefined when nobody can take it
 */
export function choose(
  agents: readonly Candidate[],
  mode: Choosing,
  skills: string[] = [],
): Candidate | undefined {
  const orders = ORDERS[mode]
  const [first] = agents
    .filter((agent) => hasRoom(agent) && hasSkills(agent, skills))
    .sort((a, b) => orders.map((order) => order(a, b)).find((way) => way !== 0) ?? 0)
  return first
}

/**
 * What to write down as the time of somebody's turn. Later than everybody else's, also within one millisecond, so that turns keep an order.
 */
export function turnAt(agents: readonly Candidate[], now: Date): Date {
  const latest = Math.max(...agents.map(({ lastAssignedAt }) => lastAssignedAt?.getTime() ?? 0))
  return new Date(Math.max(now.getTime(), latest + 1))
}
