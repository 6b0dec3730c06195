import {
  type Db,
  extensionClients,
  extensionEvents,
  extensions,
  extensionVersions,
  publisherMembers,
  publishers,
  users,
} from '@devforge/db'
import { and, count, desc, eq, isNotNull, isNull, sql } from 'drizzle-orm'

export type ExtensionRow = typeof extensions.$inferSelect

/** An extension in whatever state. */
export async function findExtension(db: Db, identifier: string): Promise<ExtensionRow | undefined> {
  const [row] = await db.select().from(extensions).where(eq(extensions.identifier, identifier.toLowerCase()))
  return row
}

/** The same, locked. */
export async function lockExtension(db: Db, identifier: string): Promise<ExtensionRow | undefined> {
  const [row] = await db
    .select()
    .from(extensions)
    .where(eq(extensions.identifier, identifier.toLowerCase()))
    .for('no key update')
  return row
}

export async function setExtension(
  db: Db,
  id: string,
  values: Partial<typeof extensions.$inferInsert>,
): Promise<ExtensionRow> {
  const [row] = await db.update(extensions).set(values).where(eq(extensions.id, id)).returning()
  if (!row) throw new Error(`extension ${id} vanished while locked`)
  return row
}

/** How many clients have an extension installed now, as far as they told; and how many versions there are. */
export async function countConcerned(
  db: Db,
  extensionId: string,
): Promise<{ activeInstalls: number; versions: number }> {
  const [clients] = await db
    .select({ activeInstalls: count() })
    .from(extensionClients)
    .where(and(eq(extensionClients.extensionId, extensionId), isNotNull(extensionClients.version)))
  const [packages] = await db
    .select({ versions: sql<number>`count(distinct ${extensionVersions.version})::int` })
    .from(extensionVersions)
    .where(eq(extensionVersions.extensionId, extensionId))
  return { activeInstalls: clients?.activeInstalls ?? 0, versions: packages?.versions ?? 0 }
}

/** The accounts of a publisher's owners that are still there. */
export async function ownerIds(db: Db, publisherId: string): Promise<string[]> {
  const rows = await db
    .select({ id: users.id })
    .from(publisherMembers)
    .innerJoin(users, eq(users.id, publisherMembers.userId))
    .where(
      and(
        eq(publisherMembers.publisherId, publisherId),
        eq(publisherMembers.role, 'owner'),
        isNotNull(publisherMembers.acceptedAt),
        isNull(users.erasedAt),
      ),
    )
    .orderBy(users.id)
  return rows.map((row) => row.id)
}

/** What the last takedown of an extension found. */
export async function lastTakedown(db: Db, extensionId: string) {
  const [row] = await db
    .select({ before: extensionEvents.before })
    .from(extensionEvents)
    .where(
      and(eq(extensionEvents.extensionId, extensionId), eq(extensionEvents.type, 'extension.taken_down')),
    )
    .orderBy(desc(extensionEvents.id))
    .limit(1)
  return row
}

export async function isPublisherActive(db: Db, publisherId: string): Promise<boolean> {
  const rows = await db
    .select({ id: publishers.id })
    .from(publishers)
    .where(and(eq(publishers.id, publisherId), eq(publishers.status, 'active')))
    .for('share')
  return rows.length > 0
}

/** Harmful extensions, for editors to remove. */
export async function listMalicious(db: Db) {
  return db
    .select({ id: extensions.identifier, reason: extensions.removedReason, at: extensions.maliciousAt })
    .from(extensions)
    .where(isNotNull(extensions.maliciousAt))
    .orderBy(extensions.identifier)
}

/** Deprecated extensions that are still to be had, with what to use instead. */
export async function listDeprecated(db: Db) {
  return db
    .select({
      id: extensions.identifier,
      message: extensions.deprecationMessage,
      replacedBy: extensions.replacedBy,
    })
    .from(extensions)
    .where(and(isNotNull(extensions.deprecatedAt), eq(extensions.status, 'published')))
    .orderBy(extensions.identifier)
}
