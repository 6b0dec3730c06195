import { writeAudit } from '../../../../audit.ts'
import type { AdminActor, Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { lockExtension, setExtension } from '../../queries/moderation.ts'
import { recordExtensionEvent } from '../history.ts'
import { indexExtension } from '../search/index-extension.ts'

/** Shows an extension among the featured ones, or no longer. Saying it twice changes nothing. @throws EXTENSION_NOT_FOUND */
export async function setFeatured(ctx: Ctx<AdminActor>, input: { id: string; featured: boolean }) {
  return inTx(ctx, async (ctx) => {
    const before = await lockExtension(ctx.db, input.id)
    if (before?.status !== 'published') throw new AppError('EXTENSION_NOT_FOUND', { id: input.id })
    if ((before.featuredAt !== null) === input.featured) {
      return { id: before.identifier, featuredAt: before.featuredAt }
    }
    const now = ctx.deps.clock.now()
    const extension = await setExtension(ctx.db, before.id, {
      featuredAt: input.featured ? now : null,
      updatedAt: now,
    })
    const type = input.featured ? 'extension.featured' : 'extension.unfeatured'
    await recordExtensionEvent(ctx, {
      publisherId: extension.publisherId,
      extensionId: extension.id,
      type,
    })
    await writeAudit(ctx, {
      action: input.featured ? 'marketplace.feature' : 'marketplace.unfeature',
      subject: extension.id,
    })
    await indexExtension(ctx.db, extension.id, now)
    return { id: extension.identifier, featuredAt: extension.featuredAt }
  })
}
