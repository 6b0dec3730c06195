import { newId, outbox } from '@devforge/db'
import { and, asc, eq, isNull, lt } from 'drizzle-orm'
import { addMs, SECOND } from '../clock.ts'
import type { Ctx } from '../context.ts'
import { inTx } from '../tx.ts'
import { type MailTemplate, type MailTemplates, renderMail } from './templates.ts'

export interface MailRequest<T extends MailTemplate> {
  /** What makes this mail once, for ever: `license-issued:lic_…`. */
  dedupeKey: string
  to: string
  template: T
  data: MailTemplates[T]
  /** Values that must not stand in the database in clear (a key, a link with a token); filled in when sent. */
  secret?: Record<string, string>
}

/** Promises a mail as part of the caller's transaction. A second call with the same key does nothing. */
export async function queueMail<T extends MailTemplate>(ctx: Ctx, mail: MailRequest<T>): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const outboxId = newId('obx')
    const now = ctx.deps.clock.now()
    const inserted = await ctx.db
      .insert(outbox)
      .values({
        id: outboxId,
        kind: 'mail',
        dedupeKey: `mail:${mail.dedupeKey}`,
        payload: { to: mail.to, template: mail.template, data: mail.data },
        sealed: mail.secret ? ctx.deps.secrets.seal(JSON.stringify(mail.secret), outboxId) : null,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing({ target: outbox.dedupeKey })
      .returning({ id: outbox.id })
    if (inserted.length > 0) await ctx.deps.jobs.enqueue(ctx.db, 'outbox.deliver', { outboxId })
  })
}

/** Sends one promised mail, if it has not been sent. Sealed values are erased with the sending. */
export async function deliverOutbox(ctx: Ctx, outboxId: string): Promise<void> {
  const [row] = await ctx.db
    .select()
    .from(outbox)
    .where(and(eq(outbox.id, outboxId), isNull(outbox.sentAt)))
  if (!row) return
  const { to, template, data } = row.payload as unknown as Pick<
    MailRequest<MailTemplate>,
    'to' | 'template' | 'data'
  >
  const secret: Record<string, string> = row.sealed
    ? JSON.parse(ctx.deps.secrets.open(row.sealed, row.id))
    : {}
  try {
    await ctx.deps.mail.send({ id: row.dedupeKey, to, ...renderMail(template, data, secret) })
  } catch (error) {
    await ctx.db
      .update(outbox)
      .set({ attempts: row.attempts + 1, lastError: error instanceof Error ? error.message : String(error) })
      .where(eq(outbox.id, outboxId))
    throw error
  }
  await ctx.db
    .update(outbox)
    .set({
      sentAt: ctx.deps.clock.now(),
      attempts: row.attempts + 1,
      lastError: null,
      sealed: null,
      // The farewell to a deleted account is the last place that knew its address.
      ...(template === 'account-deleted' ? { payload: {} } : {}),
    })
    .where(eq(outbox.id, outboxId))
}

/** Ids of promised mails that are older than some seconds and still not sent, oldest first, at most 500. */
export async function unsentOutbox(ctx: Ctx, olderThanSeconds: number): Promise<string[]> {
  const rows = await ctx.db
    .select({ id: outbox.id })
    .from(outbox)
    .where(
      and(
        isNull(outbox.sentAt),
        lt(outbox.createdAt, addMs(ctx.deps.clock.now(), -olderThanSeconds * SECOND)),
      ),
    )
    .orderBy(asc(outbox.createdAt))
    .limit(500)
  return rows.map((row) => row.id)
}
