import { AppError } from '../../../../errors.ts'
import type { RequestContext } from '../../../../trpc.ts'
import { requireAccount } from '../../../auth/actor.ts'
import { entitledExtensions } from '../entitlement.ts'

/** Who looks at a gallery, and which paid extensions they may have. */
export interface Viewer {
  userId: string | null
  /** Ids of paid extensions. */
  entitled: ReadonlySet<string>
  mayHave(extension: { id: string; paid: boolean }): boolean
}

const viewerOf = (userId: string | null, entitled: ReadonlySet<string>): Viewer => ({
  userId,
  entitled,
  mayHave: ({ id, paid }) => !paid || entitled.has(id),
})

export const STRANGER: Viewer = viewerOf(null, new Set())

/**
 * Who sends this request. A token that is expired or not ours makes a stranger, not an error: editors read any error as "there is no
 * such extension", even for free ones.
 */
export async function viewerOfRequest(ctx: RequestContext): Promise<Viewer> {
  const { authorization } = ctx
  if (authorization === null || !/^Bearer \S/i.test(authorization)) return STRANGER
  try {
    // With the session as it is in this moment: whoever was banned or signed out has nothing paid any more.
    const { userId } = await requireAccount(ctx, 'read')
    return viewerOf(userId, await entitledExtensions(ctx, userId))
  } catch (error) {
    if (error instanceof AppError && error.code !== 'INTERNAL' && error.code !== 'UNAVAILABLE')
      return STRANGER
    throw error
  }
}
