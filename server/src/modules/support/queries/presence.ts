import { type Db, type Sql, ticketPresence, users } from '@devforge/db'
import { and, asc, eq, gt, lt, ne } from 'drizzle-orm'

export type PresenceState = 'viewing' | 'typing'

export interface Present {
  agent: { id: string; name: string }
  state: PresenceState
}

/**
 * Says where an agent is until a time.
 * @returns whether that is news; undefined when there is no such ticket
 */
export async function upsertPresence(
  sql: Sql,
  {
    ticketId,
    userId,
    state,
    now,
    until,
  }: { ticketId: string; userId: string; state: PresenceState; now: Date; until: Date },
): Promise<boolean | undefined> {
  const [row] = await sql<{ known: PresenceState | null }[]>`
    with known as (
      select state from ticket_presence
      where ticket_id = ${ticketId} and user_id = ${userId} and expires_at > ${now.toISOString()}
    )
    insert into ticket_presence (ticket_id, user_id, state, expires_at)
    select id, ${userId}, ${state}::ticket_presence_state, ${until.toISOString()} from tickets where id = ${ticketId}
    on conflict (ticket_id, user_id) do update set state = excluded.state, expires_at = excluded.expires_at
    returning (select state from known) as known`
  return row && row.known !== state
}

/** @returns whether they were there */
export async function deletePresence(
  db: Db,
  { ticketId, userId }: { ticketId: string; userId: string },
): Promise<boolean> {
  const gone = await db
    .delete(ticketPresence)
    .where(and(eq(ticketPresence.ticketId, ticketId), eq(ticketPresence.userId, userId)))
    .returning({ userId: ticketPresence.userId })
  return gone.length > 0
}

/** Who else is in a ticket. */
export async function listPresence(
  db: Db,
  { ticketId, except, now }: { ticketId: string; except: string; now: Date },
): Promise<Present[]> {
  return db
    .select({ agent: { id: users.id, name: users.name }, state: ticketPresence.state })
    .from(ticketPresence)
    .innerJoin(users, eq(users.id, ticketPresence.userId))
    .where(
      and(
        eq(ticketPresence.ticketId, ticketId),
        ne(ticketPresence.userId, except),
        gt(ticketPresence.expiresAt, now),
      ),
    )
    .orderBy(asc(users.id))
}

/** Sweeps out who has left without a word. */
export async function deleteExpiredPresence(db: Db, now: Date): Promise<void> {
  await db.delete(ticketPresence).where(lt(ticketPresence.expiresAt, now))
}
