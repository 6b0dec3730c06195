import type { GalleryFilter } from '../../gallery/request.ts'
import type { ExtensionSearch } from '../search/search.ts'

/** `sortBy` of the protocol. What is not here sorts by relevance. */
const SORTS: Record<number, NonNullable<ExtensionSearch['sort']>> = {
  0: 'relevance',
  1: 'updated',
  2: 'name',
  3: 'publisher',
  4: 'installs',
  6: 'rating',
  10: 'published',
  12: 'rating',
}

/** `sortOrder` of the protocol; 0 is each sort's usual way. */
const DIRECTIONS: Record<number, 'asc' | 'desc'> = { 1: 'asc', 2: 'desc' }

/** The search that a filter of a gallery query means. */
export function searchOf(filter: GalleryFilter): ExtensionSearch {
  const direction = DIRECTIONS[filter.sortOrder]
  return {
    ...(filter.text === '' ? {} : { text: filter.text }),
    ...(filter.categories.length > 0 ? { categories: filter.categories } : {}),
    ...(filter.tags.length > 0 ? { tags: filter.tags } : {}),
    ...(filter.featured ? { featured: true } : {}),
    sort: SORTS[filter.sortBy] ?? 'relevance',
    ...(direction ? { direction } : {}),
    limit: filter.pageSize,
    offset: (filter.page - 1) * filter.pageSize,
  }
}
