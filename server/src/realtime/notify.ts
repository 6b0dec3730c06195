import { type Db, runPrepared } from '@devforge/db'

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
 * Tells all copies of the server that something changed, when the transaction commits (at once outside of one). Whoever follows a
 * topic reads what is new: a notification is a nudge and carries nothing, so that losing one only costs time.
 */
export async function notify(db: Db, ...topics: Topic[]): Promise<void> {
  await runPrepared(db, `select pg_notify('${CHANNEL}', topic) from unnest($1::text[]) as topic`, [topics])
}
