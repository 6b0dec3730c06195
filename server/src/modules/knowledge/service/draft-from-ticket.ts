import { nameless } from '../text/nameless.ts'
import type { Article } from './manage.ts'
import { createArticle, slugOf, type WriterCtx } from './write.ts'

/** Where drafts of tickets begin. A writer sorts them in. */
const CATEGORY = 'Drafts from tickets'
const MAX_BODY = 100_000

/**
 * Makes a draft for agents out of a solved ticket. Nobody but writers sees it before it was published. What could name the people of
 * the ticket is left out as far as patterns and their names tell; the writer does the rest, and must have changed the text before it can be
 * published.
 * @param people names and mail addresses of those who took part
 */
export async function draftFromTicket(
  ctx: WriterCtx,
  {
    title,
    body,
    ticketId,
    people,
  }: { title: string; body: string; ticketId: string; people: readonly string[] },
): Promise<Article> {
  const clean = nameless(title, people)
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 200)
    .toWellFormed()
  return createArticle(ctx, {
    // Two tickets may ask the same thing.
    slug: `${slugOf(clean).slice(0, 60)}-${ticketId.slice(-6).toLowerCase()}`,
    locale: 'en',
    title: clean === '' ? 'Draft' : clean,
    summary: '',
    body: nameless(body, people).slice(0, MAX_BODY).toWellFormed(),
    category: CATEGORY,
    tags: [],
    visibility: 'agents',
    minVersion: null,
    maxVersion: null,
    note: `Drafted from ticket ${ticketId}`,
    ticketId,
  })
}
