import { appeals, type Db, extensions, extensionVersions } from '@devforge/db'
import { and, asc, eq, exists, inArray, isNull, lt, notExists, or, sql } from 'drizzle-orm'

/** Extensions that were taken down before a time, with versions that are not tombstones yet and no appeal that waits for its answer. */
export async function listFinalTakedowns(
  db: Db,
  { takenDownBefore, limit }: { takenDownBefore: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: extensions.id })
    .from(extensions)
    .where(
      and(
        lt(extensions.takenDownAt, takenDownBefore),
        exists(
          db
            .select({ one: sql`1` })
            .from(extensionVersions)
            .where(
              and(
                eq(extensionVersions.extensionId, extensions.id),
                inArray(extensionVersions.status, ['published', 'yanked']),
              ),
            ),
        ),
        notExists(
          db
            .select({ one: sql`1` })
            .from(appeals)
            .where(and(eq(appeals.extensionId, extensions.id), eq(appeals.status, 'open'))),
        ),
      ),
    )
    .orderBy(asc(extensions.takenDownAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Removed versions whose files are still there and no longer needed, the longest removed first. */
export async function listRemovedFiles(
  db: Db,
  { removedBefore, takenDownBefore, limit }: { removedBefore: Date; takenDownBefore: Date; limit: number },
) {
  return db
    .select({
      versionId: extensionVersions.id,
      extensionId: extensions.id,
      publisherId: extensions.publisherId,
      version: extensionVersions.version,
      targetPlatform: extensionVersions.targetPlatform,
      storagePrefix: extensionVersions.storagePrefix,
    })
    .from(extensionVersions)
    .innerJoin(extensions, eq(extensions.id, extensionVersions.extensionId))
    .where(
      and(
        eq(extensionVersions.status, 'removed'),
        isNull(extensionVersions.filesDeletedAt),
        lt(extensionVersions.statusChangedAt, removedBefore),
        or(isNull(extensions.takenDownAt), lt(extensions.takenDownAt, takenDownBefore)),
      ),
    )
    .orderBy(asc(extensionVersions.statusChangedAt))
    .limit(limit)
}

/** @returns false when it was noted before */
export async function noteFilesDeleted(db: Db, versionId: string, now: Date): Promise<boolean> {
  const rows = await db
    .update(extensionVersions)
    .set({ filesDeletedAt: now })
    .where(and(eq(extensionVersions.id, versionId), isNull(extensionVersions.filesDeletedAt)))
    .returning({ id: extensionVersions.id })
  return rows.length > 0
}
