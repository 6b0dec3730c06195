import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { inTx } from '../../../tx.ts'
import { findShownById, lockArticle } from '../queries/articles.ts'
import { refreshPriors } from '../queries/index-words.ts'
import {
  addOpinions,
  findFeedback,
  forgetReader,
  insertDeflection,
  moveReader,
  type Reader,
  saidSolvedBefore,
  writeFeedback,
} from '../queries/opinions.ts'
import { hasShown } from '../queries/searches.ts'
import type { Viewer } from '../viewer.ts'
import { settleSearch } from './log.ts'

/** Enough that two readers never meet. */
const DIGEST_BYTES = 16

/**
 * Who says it: the account, or where the request came from, as a digest that also holds what it is about, so that those of two articles
 * cannot be told to be one reader's. Whoever is not signed in shares a voice with the network: what a client says of itself (its name, a
 * cookie) anybody can change for each request.
 */
function readerOf(ctx: Ctx, viewer: Viewer, about: string): Reader {
  if (viewer.userId !== null) return { userId: viewer.userId, reader: null }
  const digest = ctx.deps.secrets.hmac('knowledge-reader', `${about}:${networkOf(ctx.ip)}`)
  return { userId: null, reader: digest.subarray(0, DIGEST_BYTES) }
}

/** @throws AUTH_RATE_LIMITED */
async function limit(ctx: Ctx, viewer: Viewer): Promise<void> {
  await ctx.deps.limits.consume([
    viewer.userId === null ? ['opinion:ip', networkOf(ctx.ip)] : ['opinion:account', viewer.userId],
  ])
}

/** Runs with an article that the reader may see, held. @throws ARTICLE_NOT_FOUND */
function onArticle<T>(ctx: Ctx, viewer: Viewer, id: string, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return inTx(ctx, async (ctx) => {
    // Held first, so that it is not taken away between the look and the write.
    const held = await lockArticle(ctx.db, id)
    if (!held || !(await findShownById(ctx.db, id, viewer.audience)))
      throw new AppError('ARTICLE_NOT_FOUND', { article: id })
    return work(ctx)
  })
}

/** Says whether an article helped. Once per reader; saying something else changes it. @throws ARTICLE_NOT_FOUND, AUTH_RATE_LIMITED */
export async function giveFeedback(
  ctx: Ctx,
  viewer: Viewer,
  { id, helpful }: { id: string; helpful: boolean },
): Promise<{ helpful: boolean }> {
  await limit(ctx, viewer)
  return onArticle(ctx, viewer, id, async (ctx) => {
    const reader = readerOf(ctx, viewer, `feedback:${id}`)
    const before = await findFeedback(ctx.db, id, reader)
    if (before === helpful) return { helpful }
    await writeFeedback(ctx.db, { articleId: id, reader, helpful, now: ctx.deps.clock.now() })
    const taken = before === undefined ? 0 : -1
    await addOpinions(
      ctx.db,
      id,
      helpful ? { helpful: 1, notHelpful: taken } : { helpful: taken, notHelpful: 1 },
    )
    await refreshPriors(ctx.db, [id])
    return { helpful }
  })
}

/**
 * Says that an article solved the problem: a ticket that was not needed. Counts once per reader, article and day; as a reason to rank the
 * article higher, once per account.
 * @param searchId the search or suggestion that showed it
 * @returns whether it was counted now
 * @throws ARTICLE_NOT_FOUND, AUTH_RATE_LIMITED
 */
export async function saySolved(
  ctx: Ctx,
  viewer: Viewer,
  { id, searchId }: { id: string; searchId?: string | undefined },
): Promise<{ counted: boolean }> {
  await limit(ctx, viewer)
  // Before the article is held: nobody waits for that.
  if (searchId !== undefined) await settleSearch(ctx.deps, searchId)
  return onArticle(ctx, viewer, id, async (ctx) => {
    const now = ctx.deps.clock.now()
    const day = now.toISOString().slice(0, 10)
    const fromSearch =
      searchId !== undefined && (await hasShown(ctx.db, { searchId, articleId: id })) ? searchId : null
    const reader = readerOf(ctx, viewer, `solved:${id}:${day}`)
    const counted = await insertDeflection(ctx.db, {
      articleId: id,
      ...reader,
      day,
      searchId: fromSearch,
      at: now,
    })
    if (!counted) return { counted }
    const { userId } = reader
    const isNewAccount = userId !== null && !(await saidSolvedBefore(ctx.db, { articleId: id, userId, day }))
    await addOpinions(ctx.db, id, { solved: 1, solvedByAccounts: isNewAccount ? 1 : 0 })
    await refreshPriors(ctx.db, [id])
    return { counted }
  })
}

/** Part of erasing an account. */
export const eraseReader = (ctx: Ctx, userId: string): Promise<void> => forgetReader(ctx.db, userId)

/** Part of joining two accounts of one person. */
export const joinReaders = (ctx: Ctx, move: { from: string; to: string }): Promise<void> =>
  moveReader(ctx.db, move)
