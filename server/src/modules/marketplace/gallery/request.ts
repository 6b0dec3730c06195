import { z } from 'zod'
import { AppError } from '../../../errors.ts'
import { EDITOR_TARGET, FilterType } from './protocol.ts'

/** What one filter of a gallery query asks for. */
export interface GalleryFilter {
  /** Ids of extensions (uuid, lower case); any of them. */
  uuids: string[]
  /** `publisher.name` in lower case; any of them. */
  names: string[]
  /** Whether extensions are asked for by name or id, even if no id is one. */
  isLookup: boolean
  text: string
  categories: string[]
  tags: string[]
  featured: boolean
  /** Asks for extensions of something that is not our editor: there are none. */
  foreign: boolean
  /** From 1. */
  page: number
  pageSize: number
  sortBy: number
  sortOrder: number
}

export interface GalleryQuery {
  filters: GalleryFilter[]
  flags: number
}

/** vsce asks for 100, editors for 50; one that looks its installed extensions up asks for as many as it has. */
const MAX_PAGE_SIZE = 200
const MAX_LOOKUPS = 500
const MAX_FILTERS = 5
/** `publisher.name`, longer than any. */
const MAX_NAME_LENGTH = 300
/** Editors cut at 200 characters. */
const MAX_TEXT_LENGTH = 200
/** Categories, and tags, of one filter. */
const MAX_TERMS = 20
/** Pages further back than this are nobody's. */
const MAX_PAGE = 10_000
const MAX_FLAGS = 0x7fffffff

const whole = (fallback: number, max: number) =>
  z
    .unknown()
    .optional()
    .transform((given) =>
      typeof given === 'number' && Number.isInteger(given) && given >= 0 ? Math.min(given, max) : fallback,
    )

/**
 * Lenient where clients differ (missing numbers, criteria we do not know, values that are no text), strict about the frame: a
 * query that is no query gets a typed error.
 */
const schema = z.object({
  filters: z
    .array(
      z.object({
        criteria: z
          .array(z.object({ filterType: z.number(), value: z.unknown().optional() }))
          .max(1_000)
          .nullish(),
        pageNumber: whole(1, MAX_PAGE),
        pageSize: whole(50, MAX_LOOKUPS),
        sortBy: whole(0, 100),
        sortOrder: whole(0, 2),
      }),
    )
    .min(1)
    .max(MAX_FILTERS),
  flags: whole(0, MAX_FLAGS),
})

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Reads the body of a gallery query.
 * @throws AppError INVALID_INPUT
 */
export function readGalleryQuery(body: unknown): GalleryQuery {
  const parsed = schema.safeParse(body)
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => ({ path: path.join('.'), message }))
    throw new AppError('INVALID_INPUT', { issues })
  }
  return { filters: limitLookups(parsed.data.filters.map(readFilter)), flags: parsed.data.flags }
}

/** All filters together look up no more than one may. */
function limitLookups(filters: GalleryFilter[]): GalleryFilter[] {
  let left = MAX_LOOKUPS
  return filters.map((filter) => {
    const names = filter.names.slice(0, left)
    const uuids = filter.uuids.slice(0, left - names.length)
    left -= names.length + uuids.length
    return { ...filter, names, uuids }
  })
}

function readFilter(given: z.infer<typeof schema>['filters'][number]): GalleryFilter {
  const uuids = new Set<string>()
  const names = new Set<string>()
  const targets: string[] = []
  const filter = { text: '', categories: [] as string[], tags: [] as string[], featured: false }
  for (const { filterType, value } of given.criteria ?? []) {
    // Numbers and booleans are as good as their text; anything else was not meant for us.
    const text = (
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : ''
    ).trim()
    if (filterType === FilterType.Featured) filter.featured = true
    else if (text === '') continue
    else if (filterType === FilterType.ExtensionId) uuids.add(text.toLowerCase())
    // A longer name is nobody's; what it begins with may be somebody else's.
    else if (filterType === FilterType.ExtensionName)
      names.add(text.length > MAX_NAME_LENGTH ? '' : text.toLowerCase())
    else if (filterType === FilterType.Category) filter.categories.push(text.slice(0, MAX_TEXT_LENGTH))
    else if (filterType === FilterType.Tag) filter.tags.push(text.slice(0, MAX_TEXT_LENGTH))
    else if (filterType === FilterType.Target) targets.push(text.toLowerCase())
    else if (filterType === FilterType.SearchText)
      filter.text = `${filter.text} ${text}`.trim().slice(0, MAX_TEXT_LENGTH)
  }
  const isLookup = uuids.size + names.size > 0
  return {
    ...filter,
    categories: filter.categories.slice(0, MAX_TERMS),
    tags: filter.tags.slice(0, MAX_TERMS),
    isLookup,
    // What is no uuid names nothing; Postgres would refuse to compare it.
    uuids: [...uuids].filter((uuid) => UUID.test(uuid)),
    names: [...names].filter((name) => name !== ''),
    foreign: targets.length > 0 && !targets.includes(EDITOR_TARGET),
    page: Math.max(1, given.pageNumber),
    pageSize: Math.max(1, isLookup ? given.pageSize : Math.min(given.pageSize, MAX_PAGE_SIZE)),
    sortBy: given.sortBy,
    sortOrder: given.sortOrder,
  }
}
