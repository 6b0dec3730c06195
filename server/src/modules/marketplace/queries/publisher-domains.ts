import { type Db, extensions, publishers } from '@devforge/db'
import { and, asc, eq, gt, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import type { PublisherRow } from './publishers.ts'

/** Any fixed number; with a second one made of the domain. */
const DOMAIN_LOCK = 4_711_011

/** Keeps a domain for the rest of the transaction. */
export async function lockDomain(db: Db, domain: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${DOMAIN_LOCK}, hashtext(${domain}))`)
}

/** The publisher that a domain verifies now, other than the one given; locked. */
export async function lockHolderOfDomain(
  db: Db,
  { domain, otherThan }: { domain: string; otherThan: string },
): Promise<PublisherRow | undefined> {
  const [row] = await db
    .select()
    .from(publishers)
    .where(
      and(
        eq(publishers.domain, domain),
        isNotNull(publishers.domainVerifiedAt),
        ne(publishers.id, otherThan),
      ),
    )
    .for('no key update')
  return row
}

/** Verified publishers whose record was last looked for before a time, in order of their ids. */
export async function domainsToCheck(
  db: Db,
  { before, after, limit }: { before: Date; after?: string | undefined; limit: number },
): Promise<PublisherRow[]> {
  return db
    .select()
    .from(publishers)
    .where(
      and(
        isNotNull(publishers.domainVerifiedAt),
        eq(publishers.status, 'active'),
        or(isNull(publishers.domainCheckedAt), lt(publishers.domainCheckedAt, before)),
        after === undefined ? undefined : gt(publishers.id, after),
      ),
    )
    .orderBy(asc(publishers.id))
    .limit(limit)
}

/** The extensions of a publisher that are not removed. */
export async function extensionIdsOf(db: Db, publisherId: string): Promise<string[]> {
  const rows = await db
    .select({ id: extensions.id })
    .from(extensions)
    .where(and(eq(extensions.publisherId, publisherId), ne(extensions.status, 'removed')))
    .orderBy(asc(extensions.id))
  return rows.map((row) => row.id)
}
