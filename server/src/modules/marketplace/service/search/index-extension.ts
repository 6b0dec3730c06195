import type { Db } from '@devforge/db'
import {
  deleteIndexed,
  findIndexable,
  insertWords,
  rankExtensions,
  upsertIndexed,
} from '../../queries/search-index.ts'
import { searchDocument } from './document.ts'

/**
 * Makes the search know an extension as its row stands now, or forget it when it is not published. For the transaction that changes
 * the row: then nobody finds what is gone, or misses what is there.
 */
export async function indexExtension(db: Db, extensionId: string, now: Date): Promise<void> {
  const extension = await findIndexable(db, extensionId)
  if (extension?.status !== 'published') return deleteIndexed(db, extensionId)
  const { vocabulary, ...document } = searchDocument({
    ...extension,
    featured: extension.featuredAt !== null,
    deprecated: extension.deprecatedAt !== null,
  })
  await upsertIndexed(db, {
    extensionId,
    identifier: extension.identifier,
    releasedAt: extension.releasedAt ?? now,
    publishedAt: extension.publishedAt ?? now,
    engineFloor: extension.engineFloor,
    ...document,
  })
  await insertWords(db, vocabulary)
  await rankExtensions(db, [extensionId], now)
}

/** Makes the search know new installs, ratings and trends. */
export async function refreshRanks(db: Db, extensionIds: string[], now: Date): Promise<void> {
  await rankExtensions(db, extensionIds, now)
}
