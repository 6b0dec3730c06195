import type { Ctx } from '../../../context.ts'
import { rankedArticles } from '../queries/search.ts'
import type { Viewer } from '../viewer.ts'
import { admitSearch } from './admit.ts'
import { logSearch } from './log.ts'
import { understand } from './question.ts'
import { filtersOf, presentFound, someOf } from './search.ts'

/** So many articles are enough to find five among: a ticket has many words, and each is looked for in each of them. */
const ENOUGH = 200
/** A ticket says much that no article answers. */
const LEAST_COVERED = 0.15

/**
 * Articles that may spare somebody the ticket that is being written. Of the text nothing is kept.
 * @returns `searchId` to be handed to `solvedIt` and `get`, so that writers learn what helped
 * @throws RATE_LIMITED
 */
export async function suggestArticles(
  ctx: Ctx,
  viewer: Viewer,
  input: { text: string; locale?: string | undefined; editorVersion?: string | undefined; limit: number },
) {
  admitSearch(ctx, viewer)
  const filters = filtersOf(viewer, input)
  const question = await understand(ctx, input.text, { ...filters, lastIsOpen: false })
  const { words } = question
  if (words.length === 0) return { items: [], searchId: null }
  const { rows, total } = await rankedArticles(ctx.deps.sql, {
    ...filters,
    candidates: someOf(words, ENOUGH),
    words,
    totalWeight: words.reduce((sum, { weight }) => sum + weight, 0),
    leastCovered: LEAST_COVERED,
    after: null,
    limit: input.limit,
  })
  const items = rows.map(presentFound)
  return {
    items,
    searchId:
      items.length === 0
        ? null
        : logSearch(ctx, {
            kind: 'suggest',
            text: null,
            locale: filters.locales[0] ?? 'en',
            found: total.count,
            shown: items.map(({ id }) => id),
          }),
  }
}
