import type { Actor } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RequestContext } from '../../trpc.ts'
import { API_TOKEN_PREFIX, requireAccount, requireSession } from '../auth/actor.ts'

export const VISIBILITIES = ['public', 'customers', 'agents'] as const
export type Visibility = (typeof VISIBILITIES)[number]

/** Who reads. They see what is meant for their audience and for those before it: 0 everybody, 1 whoever is signed in, 2 agents. */
export interface Viewer {
  audience: number
  userId: string | null
}

export const audienceOf = (visibility: Visibility): number => VISIBILITIES.indexOf(visibility)

const STRANGER: Viewer = { audience: 0, userId: null }

export function viewerAs(actor: Actor | undefined): Viewer {
  switch (actor?.type) {
    case 'agent':
    case 'admin':
      return { audience: audienceOf('agents'), userId: actor.userId }
    case 'user':
    case 'token':
      return { audience: audienceOf('customers'), userId: actor.userId }
    default:
      return STRANGER
  }
}

/**
 * Who sent the request. A token that is no good makes a stranger of its sender, and no error: help must be there when signing in
 * does not work.
 */
export async function viewerOf(ctx: RequestContext): Promise<Viewer> {
  const { authorization } = ctx
  if (authorization === null) return STRANGER
  try {
    const isApiToken = authorization.replace(/^Bearer /i, '').startsWith(API_TOKEN_PREFIX)
    return viewerAs(await (isApiToken ? requireAccount(ctx, 'read') : requireSession(ctx)))
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('AUTH_')) return STRANGER
    throw error
  }
}
