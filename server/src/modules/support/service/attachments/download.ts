import type { Ctx, SessionActor } from '../../../../context.ts'
import { AppError, notFound } from '../../../../errors.ts'
import { isGoodSeal, sealUrl, type UrlSeal } from '../../../../files/url-seal.ts'
import type { RequestContext } from '../../../../trpc.ts'
import { sessionActor } from '../../../auth/actor.ts'
import { type AttachmentRow, findAttachment } from '../../queries/attachments.ts'
import { isStaff } from '../viewer.ts'

/** Long enough to click on it. */
const URL_TTL_SECONDS = 300

/** Whom an address was made for. Their session goes along: once it ends, so does the address. */
interface Holder {
  id: string
  userId: string
  sessionId: string
}

const factsOf = ({ id, userId, sessionId }: Holder): string[] => ['attachment', id, userId, sessionId]

async function visible(ctx: Ctx<SessionActor>, id: string): Promise<AttachmentRow> {
  const { actor } = ctx
  const viewer = { userId: actor.userId, isStaff: isStaff(actor) }
  const found = await findAttachment(ctx.db, { id, viewer })
  if (!found) throw notFound('attachment', id)
  return found
}

/**
 * Where an attachment is to be had, for whoever asks and nobody else, for five minutes. At every request it is looked up again whether
 * they still may.
 * @throws NOT_FOUND
 */
export async function attachmentUrl(ctx: Ctx<SessionActor>, { id }: { id: string }) {
  const { fileName } = await visible(ctx, id)
  const { userId, sessionId } = ctx.actor
  const url = new URL(`${ctx.deps.env.PUBLIC_URL}/files/attachments/${id}/${encodeURIComponent(fileName)}`)
  url.searchParams.set('user', userId)
  url.searchParams.set('session', sessionId)
  return sealUrl(ctx.deps, url, factsOf({ id, userId, sessionId }), URL_TTL_SECONDS)
}

/**
 * The file behind an address that `attachmentUrl` made.
 * @throws NOT_FOUND for an address that was changed, has expired, or leads to what its holder may not see (any more); AUTH_SESSION_ENDED,
 * AUTH_BANNED
 */
export async function openAttachmentUrl(
  ctx: RequestContext,
  { id, userId, sessionId, ...seal }: Holder & UrlSeal,
) {
  const holder = { id, userId, sessionId }
  if (!isGoodSeal(ctx.deps, factsOf(holder), seal)) throw notFound('attachment', id)
  const actor = await sessionActor(ctx, { userId, sessionId })
  const { storageKey, contentType, fileName, sha256 } = await visible({ ...ctx, actor }, id)
  if (storageKey === null || sha256 === null) throw new AppError('NOT_FOUND', { what: 'attachment', id })
  return { key: storageKey, contentType, fileName, etag: sha256.toString('base64url'), immutable: false }
}
