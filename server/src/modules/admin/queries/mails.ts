import { type Db, outbox } from '@devforge/db'
import { and, desc, eq, gte, isNull, lt, sql } from 'drizzle-orm'
import { GIVEN_UP_ATTEMPTS } from '../../../mail/outbox.ts'

export type OutboxRow = typeof outbox.$inferSelect

/** Mails that are not sent, newest first; given up, or still tried. */
export function listUnsent(
  db: Db,
  filter: { givenUp: boolean; after?: { time: Date; id: string } | undefined; limit: number },
): Promise<OutboxRow[]> {
  const { givenUp, after, limit } = filter
  return db
    .select()
    .from(outbox)
    .where(
      and(
        isNull(outbox.sentAt),
        givenUp ? gte(outbox.attempts, GIVEN_UP_ATTEMPTS) : lt(outbox.attempts, GIVEN_UP_ATTEMPTS),
        after === undefined
          ? undefined
          : sql`(${outbox.createdAt}, ${outbox.id}) < (${after.time.toISOString()}::timestamptz, ${after.id})`,
      ),
    )
    .orderBy(desc(outbox.createdAt), desc(outbox.id))
    .limit(limit + 1)
}

export async function findUnsent(db: Db, id: string): Promise<OutboxRow | undefined> {
  const [row] = await db
    .select()
    .from(outbox)
    .where(and(eq(outbox.id, id), isNull(outbox.sentAt)))
  return row
}
