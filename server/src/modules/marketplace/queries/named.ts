import { type Db, extensions, publishers } from '@devforge/db'
import { and, asc, eq, inArray, ne } from 'drizzle-orm'

/** Extensions by their names, with their publishers. */
export async function extensionsNamed(db: Db, identifiers: string[]) {
  return db
    .select({
      id: extensions.identifier,
      name: extensions.displayName,
      status: extensions.status,
      latestVersion: extensions.latestVersion,
      publisherId: publishers.id,
      publisher: publishers.name,
    })
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(and(inArray(extensions.identifier, identifiers), ne(extensions.status, 'hidden')))
    .orderBy(asc(extensions.identifier))
}
