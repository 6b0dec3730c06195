import type { Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { draftFromTicket } from '../../knowledge/service/draft-from-ticket.ts'
import { articleLinks, hiddenArticles } from '../../knowledge/service/read.ts'
import { type AuthoredMessage, listMessages } from '../queries/messages.ts'
import { findTicket } from '../queries/tickets.ts'
import { plain } from './macros/placeholders.ts'
import type { StaffCtx } from './work.ts'

/** Customers have an account, if only one that a mail made. */
export const READS_AS = 'customers'

/** Links for an answer, of the articles that its customer can read; which they are is said by nothing else. @throws NOT_FOUND */
export async function articleLinksFor(
  ctx: StaffCtx,
  { id, articles, locale }: { id: string; articles: string[]; locale?: string | undefined },
) {
  if (!(await findTicket(ctx.db, { id }))) throw notFound('ticket', id)
  const links = await articleLinks(ctx, articles, { visibility: READS_AS, locale })
  return {
    items: links.map((link) => ({ ...link, markdown: `[${plain(link.title)}](${link.url})` })),
    hidden: articles.filter((wanted) => !links.some(({ id, slug }) => wanted === id || wanted === slug)),
  }
}

/** Where a text leads to an article of ours: `/help/slug`, with our address before it or none. */
function slugsIn(text: string, publicUrl: string): string[] {
  if (!text.toLowerCase().includes('/help/')) return []
  const slugs = new Set<string>()
  for (const { 0: whole, 1: slug = '', index } of text.matchAll(/\/help\/([a-z0-9-]{1,100})/gi)) {
    const before = text.slice(Math.max(0, index - publicUrl.length), index)
    // The help of somebody else has articles of its own.
    const isOurs = before.toLowerCase().endsWith(publicUrl.toLowerCase()) || !/[\w.~%-]$/.test(before)
    if (isOurs && whole !== '') slugs.add(slug.toLowerCase())
  }
  return [...slugs]
}

const MAX_LINKS = 100

/**
 * An answer leads its customer to no article that is not for them: its name alone may tell what they are not to know.
 * @throws ARTICLE_NOT_FOR_CUSTOMER
 */
export async function assertReadableLinks(ctx: Ctx, body: string): Promise<void> {
  const slugs = slugsIn(body, ctx.deps.env.PUBLIC_URL).slice(0, MAX_LINKS)
  if (slugs.length === 0) return
  const hidden = await hiddenArticles(ctx, slugs, READS_AS)
  if (hidden.length > 0) throw new AppError('ARTICLE_NOT_FOR_CUSTOMER', { articles: hidden })
}

/** So much of a conversation, from its beginning, becomes a draft. */
const MAX_MESSAGES = 100

/**
 * Starts an article with what was said in a solved ticket, without notes and without what names people, as far as that can be told.
 * @throws NOT_FOUND, TICKET_NOT_SOLVED, ARTICLE_SLUG_TAKEN when there is a draft of it already
 */
export async function draftArticle(ctx: StaffCtx, { id }: { id: string }) {
  refuseImpersonation(ctx.actor)
  const found = await findTicket(ctx.db, { id })
  if (!found) throw notFound('ticket', id)
  const { ticket, requesterName, requesterEmail } = found
  if (ticket.status !== 'solved' && ticket.status !== 'closed')
    throw new AppError('TICKET_NOT_SOLVED', { status: ticket.status })
  const rows = await listMessages(ctx.db, { ticketId: id, withNotes: false, limit: MAX_MESSAGES })
  const messages = rows.slice(0, MAX_MESSAGES).reverse()
  return draftFromTicket(ctx, {
    ticketId: id,
    title: ticket.subject,
    body: messages.map(sectionOf).join('\n\n'),
    people: [requesterName, requesterEmail, ...messages.map(({ authorName }) => authorName ?? '')],
  })
}

const SPEAKERS = { customer: 'Customer', agent: 'Support', publisher: 'Publisher', system: 'System' } as const

const sectionOf = ({ message }: AuthoredMessage): string =>
  `## ${SPEAKERS[message.authorType]}\n\n${message.body}`
