import { redact } from '../../../redact.ts'
import type { Article } from './manage.ts'
import { createArticle, slugOf, type WriterCtx } from './write.ts'

/** Where drafts of tickets begin. A writer sorts them in. */
const CATEGORY = 'Drafts from tickets'
const MAX_BODY = 100_000

/**
 * Makes a draft for agents out of a solved ticket. Nobody but writers sees it before it was published. What could name the customer is
 * redacted as far as patterns know it; the writer does the rest.
 */
export async function draftFromTicket(
  ctx: WriterCtx,
  { title, body, ticketId }: { title: string; body: string; ticketId: string },
): Promise<Article> {
  const clean = redact(title)
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 200)
  return createArticle(ctx, {
    // Two tickets may ask the same thing.
    slug: `${slugOf(clean).slice(0, 60)}-${ticketId.slice(-6).toLowerCase()}`,
    locale: 'en',
    title: clean === '' ? 'Draft' : clean,
    summary: '',
    body: redact(body).slice(0, MAX_BODY),
    category: CATEGORY,
    tags: [],
    visibility: 'agents',
    minVersion: null,
    maxVersion: null,
    note: `Drafted from ticket ${ticketId}`,
    ticketId,
  })
}
