import { timingSafeEqual } from 'node:crypto'
import type { Ctx } from '../../../../context.ts'
import type { Deps } from '../../../../deps.ts'
import { notFound } from '../../../../errors.ts'
import { muteTicket } from '../../queries/mails.ts'

const tagOf = ({ secrets }: Pick<Deps, 'secrets'>, ticketId: string): Buffer =>
  secrets.hmac('unsubscribe', ticketId).subarray(0, 16)

/** Where a click ends the mails about a ticket; good without signing in, since mail programs do the clicking. */
export const unsubscribeUrl = (deps: Pick<Deps, 'env' | 'secrets'>, ticketId: string): string =>
  `${deps.env.PUBLIC_URL}/mail/unsubscribe?ticket=${ticketId}&tag=${tagOf(deps, ticketId).toString('base64url')}`

/** Ends the mails about a ticket, until its customer writes by mail again; it goes on in the editor. @throws NOT_FOUND for whatever is no link of ours */
export async function unsubscribe(ctx: Ctx, { ticket, tag }: { ticket: string; tag: string }): Promise<void> {
  const given = Buffer.from(tag, 'base64url')
  const wanted = tagOf(ctx.deps, ticket)
  const isGood = given.length === wanted.length && timingSafeEqual(given, wanted)
  if (!isGood || !(await muteTicket(ctx.db, ticket))) throw notFound('ticket')
}
