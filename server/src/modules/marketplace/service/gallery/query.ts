import type { Deps } from '../../../../deps.ts'
import { TextCache } from '../../../../text-cache.ts'
import {
  EVERYTHING,
  presentAnswer,
  presentExtension,
  wantsAllVersions,
  wantsWhole,
} from '../../gallery/present.ts'
import { withBase } from '../../gallery/render.ts'
import type { GalleryFilter, GalleryQuery } from '../../gallery/request.ts'
import { findListings, findPageListings, type ListingRow } from '../../queries/gallery.ts'
import { catalogCache } from '../catalog-cache.ts'
import { searchExtensions } from '../search/search.ts'
import { renderMissingListings, renderWithAllVersions } from './listing.ts'
import { searchOf } from './sorts.ts'
import type { Viewer } from './viewer.ts'

/** Listings kept in memory, in characters: some ten thousand extensions. */
const CACHE_CHARS = 32 * 1024 * 1024
/** Packages that one answer tells of when every version is asked for; what is older is left out, evenly. */
const MAX_PACKAGES_PER_ANSWER = 6_000
const MAX_PACKAGES_PER_EXTENSION = 2_000

/** An update check of somebody's forty extensions is theirs alone. */
const MAX_KEPT_LOOKUPS = 5
/** Of a kilobyte each, in the catalog's cache: what an extension takes on a page. */
const ITEMS_PER_EXTENSION = 4

interface CachedListing {
  sizeChars: number
  revision: number
  /** With the address of this server put in. */
  text: string
}

interface Memory {
  /** Listings as pages show them, by the extension's id. */
  pages: TextCache<CachedListing>
  /** Extensions with all their versions, by id. */
  all: TextCache<CachedListing>
}

const memories = new WeakMap<Deps, Memory>()

function memoryOf(deps: Deps): Memory {
  let memory = memories.get(deps)
  if (!memory) {
    memory = { pages: new TextCache(CACHE_CHARS), all: new TextCache(CACHE_CHARS / 4) }
    memories.set(deps, memory)
  }
  return memory
}

/** A row with its text ready to be sent. */
type Ready = ListingRow & { text: string }

/**
 * Answers a query of an editor's gallery: a search and, for what of its page is not kept, one statement; one statement for extensions
 * that are asked for by name or id. Paid extensions are there for those who may have them; others are not told of them. What is kept
 * is kept as long as nothing in the catalog changed.
 * @returns JSON
 */
export function queryGallery(deps: Deps, query: GalleryQuery, viewer: Viewer): Promise<Buffer> {
  const { filters, flags } = query
  const lookups = filters.reduce((sum, { names, uuids }) => sum + names.length + uuids.length, 0)
  // What hardly anybody asks for again, or is too large to be kept, is made each time.
  if (wantsAllVersions(flags) || lookups > MAX_KEPT_LOOKUPS) return answerQuery(deps, query, viewer)
  // Made of parts that are kept themselves.
  if (wantsWhole(flags) && filters.every(({ isLookup }) => !isLookup)) return answerQuery(deps, query, viewer)
  const key = JSON.stringify([filters, flags, [...viewer.entitled].sort()])
  const extensions = filters.reduce((sum, { pageSize }) => sum + Math.min(pageSize, 50), 0)
  return catalogCache(deps).read(`gallery ${key}`, extensions * ITEMS_PER_EXTENSION, () =>
    answerQuery(deps, query, viewer),
  )
}

async function answerQuery(deps: Deps, query: GalleryQuery, viewer: Viewer): Promise<Buffer> {
  const { flags } = query
  const share = Math.floor(MAX_PACKAGES_PER_ANSWER / query.filters.length)
  const results = await Promise.all(
    query.filters.map(async (filter) => {
      if (filter.foreign) return { extensions: [], total: 0 }
      if (!filter.isLookup && wantsWhole(flags) && !wantsAllVersions(flags))
        return searchPage(deps, filter, viewer)
      const { rows, total } = filter.isLookup
        ? await lookUp(deps, filter, viewer)
        : await search(deps, filter, viewer)
      const full = wantsAllVersions(flags) ? await withAllVersions(deps, rows, share) : rows
      return { extensions: full.map((row) => Buffer.from(presentExtension(row.text, row, flags))), total }
    }),
  )
  return presentAnswer(results)
}

/** An extension as pages show it, ready to be sent. */
interface Shown {
  id: string
  paid: boolean
  bytes: Buffer
}

/** A page of a search as editors ask for it. */
async function searchPage(
  deps: Deps,
  filter: GalleryFilter,
  viewer: Viewer,
): Promise<{ extensions: Buffer[]; total: number }> {
  const { ids, total } = await searchExtensions({ deps }, { ...searchOf(filter), entitled: viewer.entitled })
  const shown = await catalogCache(deps).each('gallery', ids, async (missing) => {
    const rows = await findPage(deps, missing)
    return new Map(
      rows.map((row): [string, Shown] => [
        row.id,
        { id: row.id, paid: row.paid, bytes: Buffer.from(presentExtension(row.text, row, EVERYTHING)) },
      ]),
    )
  })
  const extensions = ids.flatMap((id) => {
    const one = shown.get(id)
    return one && viewer.mayHave(one) ? one.bytes : []
  })
  return { extensions, total: total.count }
}

interface Found {
  rows: Ready[]
  total: number
}

async function lookUp(deps: Deps, filter: GalleryFilter, viewer: Viewer): Promise<Found> {
  const found = await findListings(deps.sql, filter)
  // Asked for by name and by uuid it is still one extension.
  const unique = [...new Map(found.map((row) => [row.id, row])).values()]
  const allowed = unique.filter((row) => viewer.mayHave(row))
  const start = (filter.page - 1) * filter.pageSize
  const page = allowed.slice(start, start + filter.pageSize)
  return { rows: await makeReady(deps, page), total: allowed.length }
}

async function search(deps: Deps, filter: GalleryFilter, viewer: Viewer): Promise<Found> {
  const { ids, total } = await searchExtensions({ deps }, { ...searchOf(filter), entitled: viewer.entitled })
  const rows = await findPage(deps, ids)
  return { rows: rows.filter((row) => viewer.mayHave(row)), total: total.count }
}

/** Listings as pages show them, with their counters; texts that did not change come from memory. */
async function findPage(deps: Deps, ids: readonly string[]): Promise<Ready[]> {
  const { pages } = memoryOf(deps)
  const known = ids.map((id) => pages.get(id))
  const rows = await findPageListings(
    deps.sql,
    [...ids],
    known.map((listing) => listing?.revision ?? 0),
  )
  const texts = new Map(ids.map((id, place) => [id, known[place]]))
  const ready = await makeReady(deps, rows, texts)
  for (const { id, revision, body, text } of ready) {
    if (revision !== null && body !== null) pages.set(id, { sizeChars: text.length, revision, text })
  }
  return ready
}

/** Puts the texts in: sent by the database, from memory, or made now for extensions that were never rendered. */
async function makeReady(
  deps: Deps,
  rows: readonly ListingRow[],
  known?: ReadonlyMap<string, CachedListing | undefined>,
): Promise<Ready[]> {
  const missing = rows.filter((row) => row.revision === null).map((row) => row.id)
  const made = missing.length > 0 ? await renderMissingListings(deps.db, missing, deps.clock.now()) : []
  const byId = new Map(made.map((listing) => [listing.extensionId, listing]))
  return rows.flatMap((row) => {
    const fresh = byId.get(row.id)
    const stored = row.body ?? (known ? fresh?.page : null) ?? fresh?.latest
    const text = stored === undefined ? known?.get(row.id)?.text : withBase(stored, deps.env.PUBLIC_URL)
    return text === undefined ? [] : [{ ...row, text }]
  })
}

/** The same extensions with every version, about `maxPackages` packages in all. */
async function withAllVersions(deps: Deps, rows: readonly Ready[], maxPackages: number): Promise<Ready[]> {
  const { all } = memoryOf(deps)
  const limit = Math.min(MAX_PACKAGES_PER_EXTENSION, Math.floor(maxPackages / (rows.length || 1)))
  const keyOf = (row: Ready): string => `${row.id} ${limit}`
  const known = new Map(rows.map((row) => [row.id, all.get(keyOf(row))]))
  const wanted = rows.filter((row) => known.get(row.id)?.revision !== row.revision).map((row) => row.id)
  const made =
    wanted.length > 0 ? await renderWithAllVersions(deps.db, wanted, limit) : new Map<string, string>()
  return rows.flatMap((row) => {
    const rendered = made.get(row.id)
    const text = rendered === undefined ? known.get(row.id)?.text : withBase(rendered, deps.env.PUBLIC_URL)
    if (text === undefined) return []
    if (rendered !== undefined && row.revision !== null)
      all.set(keyOf(row), { sizeChars: text.length, revision: row.revision, text })
    return [{ ...row, text }]
  })
}
