import { type Db, ticketLinks } from '@devforge/db'
import { and, asc, eq } from 'drizzle-orm'

export type LinkRow = typeof ticketLinks.$inferSelect
export type LinkKind = LinkRow['kind']
export type NewLink = Pick<LinkRow, 'kind' | 'targetId'> & { targetVersion?: string | null | undefined }

/** @returns whether it is new */
export async function insertLink(
  db: Db,
  values: NewLink & Pick<LinkRow, 'ticketId' | 'createdBy' | 'createdAt'>,
): Promise<boolean> {
  const rows = await db.insert(ticketLinks).values(values).onConflictDoNothing().returning()
  return rows.length > 0
}

/** @returns whether there was one */
export async function deleteLink(
  db: Db,
  { ticketId, kind, targetId }: Pick<LinkRow, 'ticketId' | 'kind' | 'targetId'>,
): Promise<boolean> {
  const rows = await db
    .delete(ticketLinks)
    .where(
      and(eq(ticketLinks.ticketId, ticketId), eq(ticketLinks.kind, kind), eq(ticketLinks.targetId, targetId)),
    )
    .returning()
  return rows.length > 0
}

/** What a ticket is about, in the order in which it was linked. */
export async function listLinks(db: Db, ticketId: string, kind?: LinkKind): Promise<LinkRow[]> {
  return db
    .select()
    .from(ticketLinks)
    .where(
      and(eq(ticketLinks.ticketId, ticketId), kind === undefined ? undefined : eq(ticketLinks.kind, kind)),
    )
    .orderBy(asc(ticketLinks.createdAt), asc(ticketLinks.kind), asc(ticketLinks.targetId))
}
