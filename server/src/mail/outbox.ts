import { newId, outbox } from '@devforge/db'
import { and, asc, eq, inArray, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import { addMs, SECOND } from '../clock.ts'
import type { Ctx } from '../context.ts'
import { describe } from '../errors/describe.ts'
import { inTx } from '../tx.ts'
import type { MailThread } from './mailer.ts'
import { type MailTemplate, type MailTemplates, renderMail } from './templates.ts'

export interface MailRequest<T extends MailTemplate> {
  /** What makes this mail once, for ever: `license-issued:lic_…`. */
  dedupeKey: string
  to: string
  template: T
  data: MailTemplates[T]
  /** Its place in a conversation. */
  thread?: MailThread | undefined
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
        payload: { to: mail.to, template: mail.template, data: mail.data, thread: mail.thread },
        sealed: mail.secret ? ctx.deps.secrets.seal(JSON.stringify(mail.secret), outboxId) : null,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing({ target: outbox.dedupeKey })
      .returning({ id: outbox.id })
    if (inserted.length > 0) await ctx.deps.jobs.enqueue(ctx.db, 'outbox.deliver', { outboxId })
  })
}

/** Whoever sends a mail says so again and again; who has not for this long has died over it. */
const CLAIM_MS = 15 * SECOND
const RENEW_CLAIM_MS = 5 * SECOND

/**
 * Takes a promised mail for sending: a row that was begun (`attempts`) and has neither been sent nor failed (`lastError`) is
 * in somebody's hands, here or in another copy of the server, and is left to them until the claim is over.
 */
async function claim(ctx: Ctx, outboxId: string) {
  const now = ctx.deps.clock.now()
  const [row] = await ctx.db
    .update(outbox)
    .set({ attempts: sql`${outbox.attempts} + 1`, lastError: null, updatedAt: now })
    .where(
      and(
        eq(outbox.id, outboxId),
        isNull(outbox.sentAt),
        or(eq(outbox.attempts, 0), isNotNull(outbox.lastError), lt(outbox.updatedAt, addMs(now, -CLAIM_MS))),
      ),
    )
    .returning()
  return row
}

/** Lets a mail that was given up be tried from the first attempt on. One that somebody is sending just now is left to them. */
export async function retryOutbox(ctx: Ctx, outboxId: string): Promise<void> {
  const now = ctx.deps.clock.now()
  const isFree = or(isNotNull(outbox.lastError), lt(outbox.updatedAt, addMs(now, -CLAIM_MS)))
  await ctx.db
    .update(outbox)
    .set({ attempts: 0, updatedAt: now })
    .where(and(eq(outbox.id, outboxId), isNull(outbox.sentAt), isFree))
  await ctx.deps.jobs.enqueue(ctx.db, 'outbox.deliver', { outboxId }, { singletonKey: outboxId })
}

/** A mail that nobody takes is given up after this many tries (days, with the waits between); its row and last error stay. */
export const GIVEN_UP_ATTEMPTS = 50

/** Which of these mails were promised already. */
export async function knownMails(ctx: Ctx, dedupeKeys: string[]): Promise<Set<string>> {
  if (dedupeKeys.length === 0) return new Set()
  const rows = await ctx.db
    .select({ dedupeKey: outbox.dedupeKey })
    .from(outbox)
    .where(
      inArray(
        outbox.dedupeKey,
        dedupeKeys.map((key) => `mail:${key}`),
      ),
    )
  return new Set(rows.map((row) => row.dedupeKey.slice('mail:'.length)))
}

/** Does something that may take long with a claimed row in hand. */
async function whileClaimed<T>(ctx: Ctx, outboxId: string, work: () => Promise<T>): Promise<T> {
  const renew = () =>
    ctx.db.update(outbox).set({ updatedAt: ctx.deps.clock.now() }).where(eq(outbox.id, outboxId))
  const timer = setInterval(() => {
    renew().catch((error: unknown) => ctx.log.warn({ err: error, outboxId }, 'claim not renewed'))
  }, RENEW_CLAIM_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/**
 * Sends one promised mail, if it has not been sent and nobody else is sending it. Sealed values are erased with the sending.
 * A process that dies between the mail server's yes and our note of it sends the mail again, under the same Message-ID.
 */
export async function deliverOutbox(ctx: Ctx, outboxId: string): Promise<void> {
  const row = await claim(ctx, outboxId)
  if (!row) return
  const { to, template, data, thread } = row.payload as unknown as Pick<
    MailRequest<MailTemplate>,
    'to' | 'template' | 'data' | 'thread'
  >
  try {
    const secret: Record<string, string> = row.sealed
      ? JSON.parse(ctx.deps.secrets.open(row.sealed, row.id))
      : {}
    const mail = { id: row.dedupeKey, to, thread, ...renderMail(template, data, secret) }
    await whileClaimed(ctx, outboxId, () => ctx.deps.mail.send(mail))
  } catch (error) {
    await ctx.db
      .update(outbox)
      .set({
        lastError: describe(error),
        updatedAt: ctx.deps.clock.now(),
      })
      .where(eq(outbox.id, outboxId))
    throw error
  }
  await ctx.db
    .update(outbox)
    .set({
      sentAt: ctx.deps.clock.now(),
      lastError: null,
      sealed: null,
      updatedAt: ctx.deps.clock.now(),
      // Mails that were on their way while their receiver's account was deleted leave nothing behind (users/queries/erase.ts).
      payload: sql`case when jsonb_exists(${outbox.payload}, 'forget') then '{}'::jsonb else ${outbox.payload} end`,
    })
    .where(eq(outbox.id, outboxId))
}

/**
 * Promised mails from before a time that are still not sent, oldest first, at most 500; with the seconds to wait where a
 * process began to send one and may have died over it.
 */
export async function unsentOutbox(
  ctx: Ctx,
  before: Date,
): Promise<{ outboxId: string; waitSeconds: number }[]> {
  const rows = await ctx.db
    .select({
      id: outbox.id,
      attempts: outbox.attempts,
      lastError: outbox.lastError,
      updatedAt: outbox.updatedAt,
    })
    .from(outbox)
    .where(and(isNull(outbox.sentAt), lt(outbox.createdAt, before), lt(outbox.attempts, GIVEN_UP_ATTEMPTS)))
    .orderBy(asc(outbox.createdAt))
    .limit(500)
  const now = ctx.deps.clock.now().getTime()
  return rows.map(({ id, attempts, lastError, updatedAt }) => {
    const claimed = attempts > 0 && lastError === null
    const leftMs = claimed ? updatedAt.getTime() + CLAIM_MS - now : 0
    return { outboxId: id, waitSeconds: Math.max(0, Math.ceil(leftMs / SECOND)) }
  })
}
