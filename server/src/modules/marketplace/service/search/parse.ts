import { type Chunk, chunksOf, isStopWord, squash } from './words.ts'

export type SearchSort =
  | 'relevance'
  | 'installs'
  | 'rating'
  | 'updated'
  | 'published'
  | 'name'
  | 'publisher'
  | 'trending'

/** What somebody typed, taken apart. */
export interface ParsedText {
  chunks: Chunk[]
  /** The last word may still be being typed: text that ends in a space or a quote is complete. */
  lastIsOpen: boolean
  /** All of it in one: `Git Lens` → `gitlens`. */
  squashed: string
  /** All of it as it could be the beginning of a display name. */
  folded: string
  /** `publisher.name`, in lower case, when it is one. */
  identifier?: string
  categories: string[]
  tags: string[]
  publishers: string[]
  featured: boolean
  deprecated: boolean
  sort?: SearchSort
}

/** More words than anybody types; the rest is left out. */
const MAX_CHUNKS = 8
const MAX_TEXT = 500
const MAX_TERMS = 10

/** `@category:"programming languages"`, `tag:x`, `@sort:installs`, `@featured`; what is in quotes may hold spaces. */
const OPERATOR = /(?<=^|\s)(@?)([a-z-]+)(?::(?:"([^"]*)"?|([^\s"]+)))?(?=\s|$)/gi
const IDENTIFIER = /^[\p{L}\p{N}][\p{L}\p{N}_-]*\.[\p{L}\p{N}][\p{L}\p{N}._-]*$/u

/** What editors and habit call the sorts. */
const SORTS: Record<string, SearchSort> = {
  installs: 'installs',
  installcount: 'installs',
  downloads: 'installs',
  rating: 'rating',
  averagerating: 'rating',
  weightedrating: 'rating',
  name: 'name',
  title: 'name',
  publisher: 'publisher',
  publisheddate: 'published',
  published: 'published',
  updatedate: 'updated',
  lastupdated: 'updated',
  updated: 'updated',
  relevance: 'relevance',
  trending: 'trending',
}

/**
 * Takes apart what was typed into a search field, as VS Code spells it and as people do. What looks like an operator and is none of
 * ours (`@installed`, `@ext:x`) is dropped when it begins with `@`, and is text otherwise.
 */
export function parseText(typed: string): ParsedText {
  const found = {
    categories: [] as string[],
    tags: [] as string[],
    publishers: [] as string[],
    featured: false,
    deprecated: false,
  }
  let identifier: string | undefined
  let sort: SearchSort | undefined
  const rest = typed
    .slice(0, MAX_TEXT)
    .replace(OPERATOR, (whole, at: string, word: string, inQuotes, bare) => {
      const value: string | undefined = (inQuotes ?? bare)?.trim()
      const operator = word.toLowerCase()
      if (value === undefined) {
        if (at === '') return whole
        if (operator === 'featured') found.featured = true
        if (operator === 'deprecated') found.deprecated = true
        if (operator === 'popular') sort = 'installs'
        if (operator === 'recentlypublished') sort = 'published'
        return ' '
      }
      if (operator === 'category') found.categories.push(value)
      else if (operator === 'tag') found.tags.push(value)
      else if (operator === 'ext') found.tags.push(`__ext_${value.replace(/^\*?\./, '')}`)
      else if (operator === 'publisher') found.publishers.push(value)
      else if (operator === 'id') identifier = value.toLowerCase()
      else if (operator === 'sort') sort = SORTS[value.toLowerCase()] ?? sort
      else if (at === '') return whole
      return ' '
    })
  const text = rest.replaceAll('"', ' ').trim()
  if (identifier === undefined && IDENTIFIER.test(text)) identifier = text.toLowerCase()
  const all = chunksOf(text)
  const telling = all.filter(({ whole }) => !isStopWord(whole))
  const lastWord = all.at(-1)
  const chunks = (telling.length > 0 ? telling : all).slice(0, MAX_CHUNKS)
  return {
    chunks,
    lastIsOpen: lastWord !== undefined && lastWord === chunks.at(-1) && /[\p{L}\p{N}\p{M}+#]$/u.test(rest),
    squashed: squash(text).slice(0, 100),
    folded: all.map(({ whole }) => whole).join(' '),
    ...(identifier === undefined ? {} : { identifier }),
    categories: found.categories.filter(Boolean).slice(0, MAX_TERMS),
    tags: found.tags.filter(Boolean).slice(0, MAX_TERMS),
    publishers: found.publishers.filter(Boolean).slice(0, MAX_TERMS),
    featured: found.featured,
    deprecated: found.deprecated,
    ...(sort === undefined ? {} : { sort }),
  }
}
