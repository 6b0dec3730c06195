import { actorLabel, type Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { articleLinks } from '../../knowledge/service/read.ts'
import { licensesForSupport } from '../../licenses/service/desk.ts'
import { extensionsForSupport } from '../../marketplace/service/desk.ts'
import { paymentsForSupport } from '../../payments/service/desk.ts'
import {
  deleteLink,
  insertLink,
  type LinkKind,
  type LinkRow,
  listLinks,
  type NewLink,
} from '../queries/links.ts'
import { findTicket, findTicketsById, type TicketRow } from '../queries/tickets.ts'
import { READS_AS } from './help.ts'
import { holdCase, refuseOwn, saveTicket } from './save.ts'
import type { StaffCtx } from './work.ts'

export interface LinksInput {
  licenseId?: string | undefined
  paymentId?: string | undefined
  extensionId?: string | undefined
  extensionVersion?: string | undefined
}

/** What a new ticket is linked to, and whose extension it is about. */
export interface CheckedLinks {
  links: NewLink[]
  publisherId: string | null
}

/**
 * What a customer says a ticket is about. Licenses and payments must be the requester's own: somebody else's answers like one that never was.
 * @throws NOT_FOUND
 */
export async function checkLinks(
  ctx: Ctx,
  requesterId: string,
  input: LinksInput = {},
): Promise<CheckedLinks> {
  const { licenseId, paymentId, extensionId, extensionVersion } = input
  const links: NewLink[] = []
  let publisherId: string | null = null
  if (licenseId !== undefined)
    links.push(await checked(ctx, requesterId, { kind: 'license', targetId: licenseId }))
  if (paymentId !== undefined)
    links.push(await checked(ctx, requesterId, { kind: 'payment', targetId: paymentId }))
  if (extensionId !== undefined) {
    const [extension] = await extensionsForSupport(ctx, [extensionId])
    if (!extension) throw notFound('extension', extensionId)
    publisherId = extension.publisherId
    links.push({ kind: 'extension', targetId: extension.id, targetVersion: extensionVersion })
  }
  return { links, publisherId }
}

/** A link whose target is there, and the requester's where it is somebody's. @throws NOT_FOUND */
async function checked(ctx: Ctx, requesterId: string, link: NewLink): Promise<NewLink> {
  const ids = [link.targetId]
  const found = await {
    license: () => licensesForSupport(ctx, { ids, userId: requesterId }),
    payment: () => paymentsForSupport(ctx, { ids, userId: requesterId }),
    extension: () => extensionsForSupport(ctx, ids),
    ticket: () => findTicketsById(ctx.db, ids),
    // Articles come and go, and agents paste what they see: a link to one that is not there is shown as what it says.
    article: async () => [{ id: link.targetId }],
  }[link.kind]()
  const [target] = found
  if (!target) throw notFound(link.kind, link.targetId)
  return { ...link, targetId: target.id }
}

/** Writes links of a ticket that the caller's transaction has locked or made. */
export async function writeLinks(ctx: Ctx, ticketId: string, links: NewLink[]): Promise<NewLink[]> {
  const values = { ticketId, createdBy: actorLabel(ctx.actor), createdAt: ctx.deps.clock.now() }
  const added: NewLink[] = []
  for (const link of links) if (await insertLink(ctx.db, { ...values, ...link })) added.push(link)
  return added
}

interface LinkInput {
  id: string
  kind: LinkKind
  targetId: string
  version?: string | undefined
}

const event = (
  type: 'link.added' | 'link.removed',
  { kind, targetId }: Pick<NewLink, 'kind' | 'targetId'>,
) => ({
  type,
  isPublic: false,
  after: { kind, targetId },
})

/** An agent says what a ticket is about. @throws NOT_FOUND (also what is not its requester's), TICKET_CONFLICT */
export async function link(ctx: StaffCtx, { id, kind, targetId, version }: LinkInput) {
  return inTx(ctx, async (ctx) => {
    const found = await findTicket(ctx.db, { id })
    if (!found || (kind === 'ticket' && targetId === id)) throw notFound('ticket', id)
    refuseOwn(ctx, found.ticket)
    const target = await checked(ctx, found.ticket.requesterId, { kind, targetId, targetVersion: version })
    const ticket = await holdCase(ctx, { id })
    const added = await writeLinks(ctx, id, [target])
    if (added.length > 0) await saveTicket(ctx, ticket, {}, [event('link.added', target)])
    return { links: await deskLinks(ctx, ticket) }
  })
}

/** Takes a link away; one that is not there is no error. @throws NOT_FOUND */
export async function unlink(ctx: StaffCtx, { id, kind, targetId }: LinkInput) {
  return inTx(ctx, async (ctx) => {
    const ticket = await holdCase(ctx, { id })
    const isGone = await deleteLink(ctx.db, { ticketId: id, kind, targetId })
    if (isGone) {
      // What it was shared for is not what it is about any more.
      const patch = (await isAboutPublisher(ctx, ticket)) ? {} : { publisherId: null, publisherShare: [] }
      await saveTicket(ctx, ticket, patch, [event('link.removed', { kind, targetId })])
    }
    return { links: await deskLinks(ctx, ticket) }
  })
}

/** Whether a ticket is about an extension of the publisher that it is shared with. */
async function isAboutPublisher(ctx: Ctx, { id, publisherId }: TicketRow): Promise<boolean> {
  if (publisherId === null) return true
  const links = await listLinks(ctx.db, id, 'extension')
  const extensions = await extensionsForSupport(
    ctx,
    links.map((one) => one.targetId),
  )
  return extensions.some((extension) => extension.publisherId === publisherId)
}

/**
 * What its customer sees of what a ticket is about. Which tickets of others are like it is not theirs to know, nor what articles are called
 * that are not for them.
 */
export async function ownLinks(ctx: Ctx, rows: LinkRow[]) {
  const articles = rows.filter(({ kind }) => kind === 'article').map(({ targetId }) => targetId)
  const readable = await articleLinks(ctx, articles, { visibility: READS_AS })
  const isShown = ({ kind, targetId }: LinkRow): boolean =>
    kind !== 'ticket' &&
    (kind !== 'article' || readable.some(({ id, slug }) => targetId === id || targetId === slug))
  return rows
    .filter(isShown)
    .map(({ kind, targetId, targetVersion }) => ({ kind, id: targetId, version: targetVersion }))
}

/** What agents see of it, as it is now. What is not the requester's any more (a license that was transferred) is not shown. */
export async function deskLinks(ctx: Ctx, { id, requesterId }: TicketRow, rows?: LinkRow[]) {
  const links = rows ?? (await listLinks(ctx.db, id))
  const idsOf = (kind: LinkKind) => links.filter((one) => one.kind === kind).map((one) => one.targetId)
  const [licenses, payments, extensions, tickets] = await Promise.all([
    licensesForSupport(ctx, { ids: idsOf('license'), userId: requesterId }),
    paymentsForSupport(ctx, { ids: idsOf('payment'), userId: requesterId }),
    extensionsForSupport(ctx, idsOf('extension')),
    findTicketsById(ctx.db, idsOf('ticket')),
  ])
  const installed = (name: string): string | null =>
    links.find((one) => one.kind === 'extension' && one.targetId === name)?.targetVersion ?? null
  return {
    licenses,
    payments,
    extensions: extensions.map(({ publisherId: _, ...one }) => ({
      ...one,
      installedVersion: installed(one.id),
    })),
    articles: idsOf('article').map((articleId) => ({ id: articleId })),
    tickets: tickets.map((one) => ({
      id: one.id,
      number: one.number,
      subject: one.subject,
      status: one.status,
    })),
  }
}
