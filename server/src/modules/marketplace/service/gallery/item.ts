import type { Ctx } from '../../../../context.ts'
import type { Deps } from '../../../../deps.ts'
import { AppError } from '../../../../errors.ts'
import { FileMissing } from '../../../../files/keys.ts'
import { TextCache } from '../../../../text-cache.ts'
import { renderPackageText } from '../../gallery/markdown.ts'
import { findItem, findShownPackage, type ItemRow, listItemVersions } from '../../queries/item.ts'
import { listReviews } from '../reviews/list.ts'
import { currentPrice, type Price } from '../sales/price.ts'

/** What a page shows of a long list. */
const VERSIONS_SHOWN = 30
const REVIEWS_SHOWN = 10
/** A longer text is cut: rendering is done while others wait. */
const MAX_TEXT_BYTES = 256 * 1024
const CACHE_CHARS = 16 * 1024 * 1024

type Shown = NonNullable<Awaited<ReturnType<typeof findShownPackage>>>

/** An extension in the store, as its page shows it. */
export interface StoreItem {
  extension: ItemRow
  /** The package that its texts and its icon come from. */
  shown: Shown
  /** Safe HTML. */
  readme: string | null
  changelog: string | null
  versions: Awaited<ReturnType<typeof listItemVersions>>
  reviews: Awaited<ReturnType<typeof listReviews>>
  price: Price | null
}

/** What became of an extension that is not there any more. */
export interface GoneItem {
  extension: ItemRow
  shown: null
}

/**
 * Everything that the page of an extension shows.
 * @param name `publisher.name`, any case
 * @throws AppError EXTENSION_NOT_FOUND when it never was, or was never published
 */
export async function storeItem(ctx: Ctx, name: string): Promise<StoreItem | GoneItem> {
  const extension = await findItem(ctx.db, name.toLowerCase())
  if (!extension || extension.status === 'hidden') throw new AppError('EXTENSION_NOT_FOUND', { id: name })
  if (extension.status === 'removed') return { extension, shown: null }
  const shown = await findShownPackage(ctx.db, extension.id, extension.latestVersionId)
  if (!shown) throw new AppError('EXTENSION_NOT_FOUND', { id: name })
  const [readme, changelog, versions, reviews, price] = await Promise.all([
    renderedText(ctx.deps, extension, shown, shown.assets.readme),
    renderedText(ctx.deps, extension, shown, shown.assets.changelog),
    listItemVersions(ctx.db, extension.id, VERSIONS_SHOWN),
    listReviews(ctx, { id: extension.identifier, sort: 'newest', limit: REVIEWS_SHOWN }),
    extension.paid ? currentPrice(ctx, extension.id) : null,
  ])
  return { extension, shown, readme, changelog, versions, reviews, price }
}

const texts = new WeakMap<Deps, TextCache<{ sizeChars: number; html: string }>>()

/** A text of a package as HTML. Its file never changes, so that it is rendered once per process. */
async function renderedText(
  deps: Deps,
  { repositoryUrl }: ItemRow,
  { storagePrefix }: Shown,
  file: string | undefined,
): Promise<string | null> {
  if (file === undefined) return null
  const cache = texts.get(deps) ?? new TextCache<{ sizeChars: number; html: string }>(CACHE_CHARS)
  texts.set(deps, cache)
  const key = `${storagePrefix.replace(/\/$/, '')}/${file}`
  const known = cache.get(key)
  if (known) return known.html
  try {
    const chunks: Buffer[] = []
    const size = await deps.files.size(key)
    if (size === null) return null
    if (size > 0) {
      const range = { start: 0, end: Math.min(size, MAX_TEXT_BYTES) - 1 }
      for await (const chunk of await deps.files.stream(key, range)) chunks.push(Buffer.from(chunk))
    }
    const html = renderPackageText(Buffer.concat(chunks).toString('utf8'), { repositoryUrl })
    cache.set(key, { sizeChars: html.length + 200, html })
    return html
  } catch (error) {
    if (error instanceof FileMissing) return null
    throw error
  }
}
