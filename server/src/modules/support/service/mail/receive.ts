import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { newId } from '@devforge/db'
import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { describe } from '../../../../errors/describe.ts'
import { AppError } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import {
  expireParked,
  findInboundMail,
  hasMailBytes,
  type InboundMailRow,
  insertInboundMail,
  isKnownMail,
  lockInboundMail,
  outdatedMails,
  updateInboundMail,
  waitingMails,
} from '../../queries/mails.ts'
import { keepFile } from '../attachments/upload.ts'
import { type ReadMail, readMail } from './parse.ts'
import { type Outcome, routeMail } from './route.ts'

/** A mail that a process died over this often is one that kills them. */
const MAX_ATTEMPTS = 5
/** How long the bytes of a mail are kept that became a message. */
const KEPT_DAYS = 14
/** How long a mail that was held back waits for somebody to look. */
const PARKED_DAYS = 30

const storageKey = (sha256: Buffer): string => `mail/${sha256.toString('hex')}`

/**
 * Takes a mail in: its bytes into the storage, then the row and the job that reads it in one transaction. What is acknowledged is kept;
 * the same bytes again are the same mail.
 */
export async function takeMail(ctx: Ctx, raw: Buffer): Promise<'received' | 'known'> {
  const sha256 = createHash('sha256').update(raw).digest()
  const now = ctx.deps.clock.now()
  // Not stored again: its bytes may be gone for good by now.
  if (await hasMailBytes(ctx.db, sha256)) return 'known'
  await ctx.deps.files.put(storageKey(sha256), raw, { contentType: 'message/rfc822' })
  return inTx(ctx, async (ctx) => {
    const row = await insertInboundMail(ctx.db, {
      id: newId('iml'),
      sha256,
      sizeBytes: raw.byteLength,
      storageKey: storageKey(sha256),
      createdAt: now,
      updatedAt: now,
    })
    if (!row) return 'known'
    await ctx.deps.jobs.enqueue(ctx.db, 'support.mail', { mailId: row.id })
    return 'received'
  })
}

/** Makes a ticket, or a message of one, of a mail that was taken in. Once: its row is locked and says so. */
export async function receiveMail(ctx: Ctx, { mailId }: { mailId: string }): Promise<void> {
  const row = await findInboundMail(ctx.db, mailId)
  if (row?.status !== 'received') return
  const attempts = row.attempts + 1
  // Before it is read, so that it is known should this process not survive it.
  await updateInboundMail(ctx.db, mailId, { attempts, updatedAt: ctx.deps.clock.now() })
  const { mail, tooMany, kept } = await unpack(ctx, { ...row, attempts })
  await inTx(ctx, async (ctx) => {
    const locked = await lockInboundMail(ctx.db, mailId)
    if (locked?.status !== 'received') return
    const identity = mail && identityOf(mail)
    const outcome: Outcome = !mail
      ? { status: 'parked', reason: 'unreadable' }
      : identity && (await isKnownMail(ctx.db, { id: mailId, identity }))
        ? { status: 'ignored', reason: 'known' }
        : tooMany !== null
          ? { status: 'parked', reason: 'too_many' }
          : await routeMail(ctx, mail, kept)
    await updateInboundMail(ctx.db, mailId, {
      ...outcome,
      ...(identity && outcome.reason !== 'known' ? { identity } : {}),
      updatedAt: ctx.deps.clock.now(),
    })
  })
}

/** What there is of a mail. A storage that is away is no fault of the mail: that attempt does not count. */
async function unpack(ctx: Ctx, { id, attempts, storageKey }: InboundMailRow) {
  let counted: string | undefined
  try {
    const mail = attempts > MAX_ATTEMPTS ? undefined : await read(ctx, storageKey)
    const sender = mail?.from ? senderOf(mail) : undefined
    const tooMany = sender === undefined ? null : await ctx.deps.limits.attempt('mail-in:sender', sender)
    counted = sender
    const kept = mail && tooMany === null ? await keepAttachments(ctx, mail) : []
    return { mail, tooMany, kept }
  } catch (error) {
    await updateInboundMail(ctx.db, id, { attempts: attempts - 1, updatedAt: ctx.deps.clock.now() })
    if (counted !== undefined) await ctx.deps.limits.giveBack('mail-in:sender', counted)
    throw error
  }
}

async function read(ctx: Ctx, key: string | null): Promise<ReadMail | undefined> {
  const raw = key === null ? null : await ctx.deps.files.read(key)
  if (raw === null) return undefined
  try {
    return await readMail(raw, { authservId: ctx.deps.env.MAIL_AUTHSERV_ID })
  } catch (error) {
    ctx.log.warn({ reason: describe(error) }, 'a mail could not be read')
    return undefined
  }
}

/**
 * Keeps the files of a mail, for the message that it becomes; whatever none takes is swept like other uploads. One that is empty, too
 * large or infected is left out: the mail goes on without it.
 */
async function keepAttachments(ctx: Ctx, mail: ReadMail): Promise<string[]> {
  if (mail.isAuto) return []
  const ids: string[] = []
  for (const { fileName, content } of mail.attachments) {
    try {
      const { id } = await keepFile(ctx, { uploaderId: null, fileName, body: Readable.from([content]) })
      ids.push(id)
    } catch (error) {
      // Without a word of the scanner the mail waits: it is tried again, and at last parked.
      if (!(error instanceof AppError) || error.code === 'UNAVAILABLE') throw error
      ctx.log.warn({ code: error.code }, 'an attachment of a mail was left out')
    }
  }
  return ids
}

/** Whom a mail counts for: who only says to be somebody uses up nothing of theirs. */
const senderOf = ({ from, authentication }: ReadMail): string =>
  authentication === 'unknown' ? `${from?.address}` : `${authentication}:${from?.address}`

/** The same Message-ID of somebody else is another mail: else one could keep theirs out. */
const identityOf = (mail: ReadMail): Buffer | undefined =>
  mail.messageId === null
    ? undefined
    : createHash('sha256').update(`${mail.messageId}\n${mail.from?.address}`).digest()

/** Takes up mails whose job was lost, and deletes the bytes of those that are long done, or that nobody looked at. */
export async function sweepMails(ctx: Ctx, before: Date): Promise<void> {
  for (const mailId of await waitingMails(ctx.db, before)) {
    await ctx.deps.jobs.enqueue(ctx.db, 'support.mail', { mailId }, { singletonKey: mailId })
  }
  const now = ctx.deps.clock.now()
  await expireParked(ctx.db, { before: addMs(now, -PARKED_DAYS * DAY), now })
  for (const { id, storageKey } of await outdatedMails(ctx.db, addMs(now, -KEPT_DAYS * DAY))) {
    try {
      await ctx.deps.files.delete(storageKey)
      await updateInboundMail(ctx.db, id, { storageKey: null, updatedAt: now })
    } catch (error) {
      // One that cannot be deleted now must not keep the others.
      ctx.log.warn({ err: error, id }, 'mail not swept; tried again in a minute')
    }
  }
}
