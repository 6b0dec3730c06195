import { appeals, type Db, extensionVersions, submissions } from '@devforge/db'
import { and, eq, exists, isNotNull, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'

/** Gives what one account submitted, published and appealed to another. */
export async function moveSubmitted(
  db: Db,
  { from, to, now }: { from: string; to: string; now: Date },
): Promise<void> {
  // Both accounts may have used the same idempotency key: the older submission needs its key no more.
  const taken = alias(submissions, 'taken')
  await db
    .update(submissions)
    .set({ idempotencyKey: null })
    .where(
      and(
        eq(submissions.userId, from),
        isNotNull(submissions.idempotencyKey),
        exists(
          db
            .select({ one: sql`1` })
            .from(taken)
            .where(and(eq(taken.userId, to), eq(taken.idempotencyKey, submissions.idempotencyKey))),
        ),
      ),
    )
  await db.update(submissions).set({ userId: to }).where(eq(submissions.userId, from))
  await db.update(extensionVersions).set({ publishedBy: to }).where(eq(extensionVersions.publishedBy, from))
  await db.update(appeals).set({ userId: to, updatedAt: now }).where(eq(appeals.userId, from))
}

/** Empties what an account that is erased wrote in appeals. That it submitted and published stays, like its other rows in the books. */
export async function forgetAppeals(db: Db, userId: string): Promise<void> {
  await db.update(appeals).set({ text: '' }).where(eq(appeals.userId, userId))
}
