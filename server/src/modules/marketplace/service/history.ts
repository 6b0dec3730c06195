import { actorLabel, type Ctx } from '../../../context.ts'
import { insertExtensionEvent } from '../queries/publishers.ts'

export interface ExtensionEvent {
  publisherId: string
  /** What happened to one of its extensions; else it happened to the publisher. */
  extensionId?: string
  /** `publisher.created`, `version.yanked`, … */
  type: string
  reason?: string | undefined
  /** What brought it about: a submission, a payment, another event. */
  cause?: string | undefined
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/** Writes down what happened to a publisher or an extension, in the caller's transaction. Never erased: ids, no names or addresses. */
export async function recordExtensionEvent(ctx: Ctx, event: ExtensionEvent): Promise<void> {
  await insertExtensionEvent(ctx.db, { ...event, actor: actorLabel(ctx.actor), at: ctx.deps.clock.now() })
}
