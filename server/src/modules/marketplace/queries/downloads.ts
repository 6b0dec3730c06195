import { type Db, extensions, extensionVersions } from '@devforge/db'
import { and, asc, desc, eq, inArray, ne, sql } from 'drizzle-orm'

const downloaded = {
  versionId: extensionVersions.id,
  extensionId: extensions.id,
  identifier: extensions.identifier,
  paid: extensions.paid,
  version: extensionVersions.version,
  targetPlatform: extensionVersions.targetPlatform,
  storagePrefix: extensionVersions.storagePrefix,
  sha256: extensionVersions.sha256,
  sizeBytes: extensionVersions.sizeBytes,
  signature: extensionVersions.signature,
  signatureKid: extensionVersions.signatureKid,
}

/**
 * The package to be installed: the newest stable one for the platform (the universal one where there is none for it), or a
 * pre-release where there is nothing else. Withdrawn versions are found by their exact number only, removed ones never.
 */
export async function findDownload(
  db: Db,
  {
    identifier,
    version,
    targetPlatform,
  }: { identifier: string; version?: string | undefined; targetPlatform?: string | undefined },
) {
  const preferred = targetPlatform ?? 'universal'
  const [row] = await db
    .select(downloaded)
    .from(extensions)
    .innerJoin(extensionVersions, eq(extensionVersions.extensionId, extensions.id))
    .where(
      and(
        eq(extensions.identifier, identifier),
        ne(extensions.status, 'removed'),
        version === undefined
          ? eq(extensionVersions.status, 'published')
          : and(eq(extensionVersions.version, version), ne(extensionVersions.status, 'removed')),
        targetPlatform === undefined
          ? undefined
          : inArray(extensionVersions.targetPlatform, [targetPlatform, 'universal']),
      ),
    )
    .orderBy(
      asc(extensionVersions.preRelease),
      desc(extensionVersions.versionOrder),
      desc(sql`${extensionVersions.targetPlatform} = ${preferred}`),
      asc(extensionVersions.targetPlatform),
    )
    .limit(1)
  return row
}

/** A package by its id, unless it or its extension is removed. */
export async function findPackageFile(db: Db, versionId: string) {
  const [row] = await db
    .select(downloaded)
    .from(extensionVersions)
    .innerJoin(extensions, eq(extensions.id, extensionVersions.extensionId))
    .where(
      and(
        eq(extensionVersions.id, versionId),
        ne(extensionVersions.status, 'removed'),
        ne(extensions.status, 'removed'),
      ),
    )
  return row
}
