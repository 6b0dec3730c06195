import { readGalleryQuery } from '@devforge/server/modules/marketplace/gallery/request'
import { latestOf } from '@devforge/server/modules/marketplace/service/gallery/latest'
import { queryGallery } from '@devforge/server/modules/marketplace/service/gallery/query'
import { STRANGER } from '@devforge/server/modules/marketplace/service/gallery/viewer'
import {
  type ExtensionSearch,
  searchExtensions,
} from '@devforge/server/modules/marketplace/service/search/search'
import { openDeps } from './kept.ts'
import { openCatalog } from './made-up.ts'
import { explainEverything, showPlans } from './plans.ts'

const EXTENSIONS = 100_000
const LARGE = [
  'extension_search',
  'extensions',
  'extension_listings',
  'extension_versions',
  'publishers',
  'search_words',
]

/** Shows the plans of searches and gallery queries. @param keep as of `openCatalog` @returns where a large table was read from end to end */
export async function explainSearch(keep?: string): Promise<string[]> {
  await using data = await openCatalog(EXTENSIONS, keep)
  await explainEverything(data)
  const deps = await openDeps(data)
  const failures: string[] = []
  let version = 0
  // Each time in an editor of another version: the first answer is not there for the second.
  const search = (search: Omit<ExtensionSearch, 'limit'>) => () =>
    searchExtensions({ deps }, { ...search, engine: `1.900.${version++}`, limit: 20 })
  const show = async (title: string, act: () => Promise<unknown>): Promise<void> => {
    failures.push(...(await showPlans(data, title, act, { large: LARGE })))
  }
  const [first] = await deps.sql<
    { identifier: string }[]
  >`select identifier from extensions order by installs desc limit 1`
  try {
    await show('search: a common word', search({ text: 'python' }))
    await show('search: two words, the last being typed', search({ text: 'docker snipp' }))
    await show('search: a slip', search({ text: 'pyhton' }))
    await show('search: a category and a word', search({ text: 'category:"Themes" dark' }))
    await show('list: most installs', search({ sort: 'installs' }))
    await show('list: newest of a category', search({ categories: ['Linters'], sort: 'updated' }))
    let results = 40
    await show('gallery: a page of a search', () => queryGallery(deps, pageOf('react', results++), STRANGER))
    await show('gallery: what is new of one extension', () =>
      latestOf(deps, first?.identifier ?? '', null, STRANGER),
    )
  } finally {
    await deps.close()
  }
  return failures
}

const pageOf = (text: string, pageSize: number) =>
  readGalleryQuery({
    filters: [
      {
        criteria: [
          { filterType: 8, value: 'Microsoft.VisualStudio.Code' },
          { filterType: 10, value: text },
        ],
        pageNumber: 1,
        pageSize,
        sortBy: 0,
        sortOrder: 0,
      },
    ],
    flags: 950,
  })
