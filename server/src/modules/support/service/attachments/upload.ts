import { newId } from '@devforge/db'
import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx, SessionActor } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { createMeter } from '../../../../files/meter.ts'
import { scanFile } from '../../../../malware/index.ts'
import { ScannerFailure } from '../../../../malware/types.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { cleanFileName } from '../../attachments/file-name.ts'
import { createSniffer } from '../../attachments/sniff.ts'
import {
  type AttachmentRow,
  completeUpload,
  deleteAttachment,
  holdUploader,
  insertArriving,
  looseBytes,
  uploadedBytes,
} from '../../queries/attachments.ts'
import { presentAttachment } from './present.ts'

/**
 * Takes a file in, for a message that is written now. Whoever uploaded it can send it (`attachmentIds`); until then nobody sees it, and
 * after a day it is deleted.
 * @throws PAYLOAD_TOO_LARGE, ATTACHMENT_QUOTA, ATTACHMENT_INFECTED, INVALID_INPUT (nothing came), UNAVAILABLE (the scanner), AUTH_RATE_LIMITED
 */
export async function uploadAttachment(
  ctx: Ctx<SessionActor>,
  body: AsyncIterable<Uint8Array>,
  { fileName }: { fileName: string },
) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await ctx.deps.limits.consume([['attachment:account', userId]])
  // Before anything is read; asked again under a lock, when it is known how much it was.
  await refuseAbove(ctx, userId, 1)
  return presentAttachment(await keepFile(ctx, { uploaderId: userId, fileName, body }))
}

/**
 * Keeps a file that a message will take: noted first, written to the storage while it arrives, then looked at. Whatever goes wrong,
 * nothing of it is left behind, at the latest when the sweep comes by.
 * @param uploaderId null for what came by mail
 * @throws PAYLOAD_TOO_LARGE, ATTACHMENT_QUOTA, ATTACHMENT_INFECTED, INVALID_INPUT, UNAVAILABLE (the scanner), AUTH_SESSION_ENDED (the account was deleted meanwhile)
 */
export async function keepFile(
  ctx: Ctx,
  {
    uploaderId,
    fileName,
    body,
  }: { uploaderId: string | null; fileName: string; body: AsyncIterable<Uint8Array> },
): Promise<AttachmentRow> {
  const { files, env, clock } = ctx.deps
  const id = newId('att')
  const storageKey = `attachments/${id}`
  const meter = createMeter({ limitBytes: env.MAX_ATTACHMENT_BYTES, code: 'PAYLOAD_TOO_LARGE' })
  const sniffer = createSniffer()
  await insertArriving(ctx.db, {
    id,
    uploaderId,
    fileName: cleanFileName(fileName),
    storageKey,
    createdAt: clock.now(),
  })
  try {
    await files.putStream(storageKey, sniffer.through(meter.through(body)), {
      contentType: 'application/octet-stream',
    })
    const sizeBytes = meter.sizeBytes()
    if (sizeBytes === 0)
      throw new AppError('INVALID_INPUT', { issues: [{ path: '', message: 'The file is empty.' }] })
    const contentType = await sniffer.contentType()
    await refuseMalware(ctx, storageKey)
    return await complete(ctx, id, uploaderId, { contentType, sizeBytes, sha256: meter.sha256() })
  } catch (error) {
    // Whether a lost connection had committed is not known: then it is the sweep's.
    if (error instanceof AppError) await discard(ctx, id, storageKey)
    throw error
  }
}

/**
 * Nobody can have a file that the scanner has not passed: it is looked at before any message can take it. A server without a scanner takes
 * files unseen; they are only ever saved, never shown or run.
 */
async function refuseMalware({ deps, log }: Ctx, storageKey: string): Promise<void> {
  if (deps.env.MALWARE_SCANNER === undefined) return
  try {
    const verdict = await scanFile(deps, storageKey)
    if (verdict.clean) return
    log.warn({ storageKey, name: verdict.name }, 'malware in an attachment')
  } catch (error) {
    if (!(error instanceof ScannerFailure)) throw error
    throw new AppError('UNAVAILABLE', undefined, { cause: error })
  }
  throw new AppError('ATTACHMENT_INFECTED')
}

function complete(
  ctx: Ctx,
  id: string,
  uploaderId: string | null,
  values: { contentType: string; sizeBytes: number; sha256: Buffer },
): Promise<AttachmentRow> {
  return inTx(ctx, async (ctx) => {
    if (uploaderId !== null) {
      if (!(await holdUploader(ctx.db, uploaderId))) throw new AppError('AUTH_SESSION_ENDED')
      await refuseAbove(ctx, uploaderId, values.sizeBytes)
    }
    const row = await completeUpload(ctx.db, id, values)
    // Took a day to arrive, and was swept.
    if (!row) throw new AppError('CONFLICT')
    return row
  })
}

/** How much an account may upload in a day, in what it may have waiting at once. */
const QUOTAS_PER_DAY = 5

async function refuseAbove(
  { db, deps: { env, clock } }: Ctx,
  uploaderId: string,
  more: number,
): Promise<void> {
  const limitBytes = env.MAX_UNATTACHED_BYTES
  if ((await looseBytes(db, uploaderId)) + more > limitBytes)
    throw new AppError('ATTACHMENT_QUOTA', { limitBytes })
  const perDay = QUOTAS_PER_DAY * limitBytes
  const since = addMs(clock.now(), -DAY)
  if ((await uploadedBytes(db, { uploaderId, since })) + more > perDay)
    throw new AppError('ATTACHMENT_QUOTA', { limitBytes: perDay })
}

/** What cannot be deleted now is the sweep's: it must not hide what happened. */
async function discard(ctx: Ctx, id: string, storageKey: string): Promise<void> {
  try {
    await ctx.deps.files.delete(storageKey)
    await deleteAttachment(ctx.db, id)
  } catch (error) {
    ctx.log.warn({ err: error, storageKey }, 'upload not discarded')
  }
}
