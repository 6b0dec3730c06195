import type { z } from 'zod'
import { addMs, HOUR } from '../../../../clock.ts'
import type { Condition, QueueSort } from '../../queries/queue.ts'
import type { filtersSchema, VIEWS } from '../../schemas/queue.ts'

export type ViewName = (typeof VIEWS)[number]
export type Filters = z.infer<typeof filtersSchema>

/** Who asks, and when: views say "mine" and "soon". */
export interface Asking {
  userId: string
  now: Date
}

/** A promise is due soon when so much time is left. */
const SOON_MS = 4 * HOUR
const UNSOLVED = ['new', 'open', 'pending', 'on_hold'] as const

interface View {
  condition(asking: Asking): Condition
  sort: QueueSort
}

/** The views that everybody has, as one table. */
const VIEW_RULES: { [V in ViewName]: View } = {
  mine: { condition: ({ userId }) => ({ assigneeId: userId, statuses: UNSOLVED }), sort: 'due' },
  unassigned: { condition: () => ({ assigneeId: null, statuses: ['new', 'open'] }), sort: 'due' },
  waiting: { condition: () => ({ isWaiting: true, statuses: ['new', 'open'] }), sort: 'due' },
  due: { condition: ({ now }) => ({ isActive: true, dueBefore: addMs(now, SOON_MS) }), sort: 'due' },
  breached: { condition: () => ({ breached: true, statuses: UNSOLVED }), sort: 'due' },
  on_hold: { condition: () => ({ statuses: ['on_hold'] }), sort: 'due' },
  // Solved tickets are closed after 14 days.
  solved_recently: { condition: () => ({ statuses: ['solved'] }), sort: 'updated' },
  all: { condition: () => ({}), sort: 'updated' },
}

/** What filters ask for: the condition of their view, and their own. */
export function conditionsOf(filters: Filters, asking: Asking): Condition[] {
  const { view = 'all', sort: _, assignee, status, priority, category, plan, ...plain } = filters
  return [
    VIEW_RULES[view].condition(asking),
    {
      ...plain,
      statuses: status,
      priorities: priority,
      categories: category,
      plans: plan,
      assigneeId: assignee === 'me' ? asking.userId : assignee === 'none' ? null : assignee,
    },
  ]
}

export const sortOf = ({ view = 'all', sort }: Filters): QueueSort => sort ?? VIEW_RULES[view].sort
