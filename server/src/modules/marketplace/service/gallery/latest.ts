import type { Deps } from '../../../../deps.ts'
import { presentExtension } from '../../gallery/present.ts'
import { QueryFlag } from '../../gallery/protocol.ts'
import { withBase } from '../../gallery/render.ts'
import { findLatest } from '../../queries/gallery.ts'
import { renderMissingListings } from './listing.ts'
import type { Viewer } from './viewer.ts'

const FLAGS =
  QueryFlag.IncludeFiles |
  QueryFlag.IncludeCategoryAndTags |
  QueryFlag.IncludeVersionProperties |
  QueryFlag.IncludeAssetUri |
  QueryFlag.IncludeStatistics |
  QueryFlag.IncludeLatestPrereleaseAndStableOnly

/** The answer to "what is new"; `body` is null when the caller's own is current. */
export interface LatestAnswer {
  etag: string
  body: string | null
  paid: boolean
}

/**
 * The newest stable version and the newest pre-release of an extension for each platform, as editors ask for it when they look for
 * updates. The ETag changes with versions, texts and publisher, not with counters: nobody updates because somebody else installed.
 * @param ifNoneMatch the header as sent
 * @returns null when there is none, or the viewer may not have it
 */
export async function latestOf(
  deps: Deps,
  name: string,
  ifNoneMatch: string | null,
  viewer: Viewer,
): Promise<LatestAnswer | null> {
  const known = readEtag(ifNoneMatch)
  const [row] = await findLatest(deps.sql, name, known)
  if (!row || !viewer.mayHave(row)) return null
  const [made] = row.revision === null ? await renderMissingListings(deps.db, [row.id], deps.clock.now()) : []
  const etag = `W/"${row.revision ?? 1}-${row.publisherChangedMs}-${row.id}"`
  // Two extensions may have the same revision: the tag of another one says nothing about this.
  const isCurrent = row.body === null && made === undefined && known.id === row.id
  if (isCurrent) return { etag, body: null, paid: row.paid }
  const stored = row.body ?? made?.latest ?? (await findLatest(deps.sql, name, NOTHING_KNOWN))[0]?.body
  if (stored === null || stored === undefined) return null
  return {
    etag,
    body: presentExtension(withBase(stored, deps.env.PUBLIC_URL), row, FLAGS),
    paid: row.paid,
  }
}

const NOTHING_KNOWN = { revision: 0, publisherChangedMs: 0, id: '' }
const MAX_INTEGER = 2_147_483_647

/** What an ETag of ours stands for. */
function readEtag(header: string | null): { revision: number; publisherChangedMs: number; id: string } {
  const match =
    header === null ? null : /^(?:W\/)?"(\d{1,10})-(\d{1,15})-(ext_[0-9a-z]{26})"$/.exec(header.trim())
  if (!match) return NOTHING_KNOWN
  const [, revision, publisherChangedMs, id] = match
  return {
    revision: Math.min(Number(revision), MAX_INTEGER),
    publisherChangedMs: Number(publisherChangedMs),
    id: id ?? '',
  }
}
