import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** What a change is about: a kind and an id (`submission:smn_…`). All copies of the server hear it; it must hold nothing else. */
export type Topic = `${string}:${string}`

/** The one channel of Postgres that all copies listen on. */
export const CHANNEL = 'devforge_changes'

export const submissionTopic = (id: string): Topic => `submission:${id}`
export const ticketTopic = (id: string): Topic => `ticket:${id}`
/** All tickets of a person. */
export const requesterTopic = (userId: string): Topic => `tickets-of:${userId}`
/** All tickets, for agents. */
export const DESK_TOPIC: Topic = 'desk:all'

/**
 * Tells all copies of the server that something changed, when the transaction commits (at once outside of one). Whoever follows the
 * topic reads what is new: a notification is a nudge and carries nothing, so that losing one only costs time.
 */
export async function notify(db: Db, topic: Topic): Promise<void> {
  await db.execute(sql`select pg_notify(${CHANNEL}, ${topic})`)
}
