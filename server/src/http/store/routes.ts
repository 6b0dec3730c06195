import type { Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { storeItem } from '../../modules/marketplace/service/gallery/item.ts'
import { listExtensions } from '../../modules/marketplace/service/search/listing.ts'
import { searchExtensions } from '../../modules/marketplace/service/search/search.ts'
import { createRequestContext, type HttpEnv } from '../context.ts'
import { gonePage } from './banners.ts'
import { itemPage } from './item-page.ts'
import { answerStorePage } from './layout.ts'
import { SORTS, type Sort, searchPage } from './search-page.ts'

const PAGE_SIZE = 24
const MAX_PAGE = 400
const MAX_QUERY_LENGTH = 200

/**
 * The store in a browser: the page of an extension (`itemUrl` of editors, which link to it) and a search. For everybody; buying and
 * rating are done in the editor.
 */
export function mountStore(app: Hono<HttpEnv>, deps: Deps): void {
  app.get('/vscode/item', async (c) => {
    const name = clean(c.req.query('itemName') ?? '')
    try {
      const item = await storeItem(contextOf(deps, c), name)
      const { displayName, description } = item.extension
      if (item.shown === null)
        return answerStorePage({ title: displayName, body: gonePage(item.extension), status: 410 })
      return answerStorePage({
        title: displayName,
        description,
        body: itemPage(item),
      })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'EXTENSION_NOT_FOUND') throw error
      c.set('errorCode', error.code)
      const body = html`<h1>There is no such extension</h1><p>Its name may be misspelt, or it was never published here.</p>`
      return answerStorePage({ title: 'Not found', body, status: 404 })
    }
  })

  app.get('/vscode/search', async (c) => {
    const query = clean(c.req.query('q') ?? '')
    const sort = sortOf(c.req.query('sort'))
    const page = Math.min(MAX_PAGE, Math.max(1, Math.trunc(Number(c.req.query('page') ?? 1)) || 1))
    const { ids, total } = await searchExtensions(
      { deps },
      { text: query, sort, limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE },
    )
    const extensions = await listExtensions({ deps }, ids)
    const hasMore = ids.length === PAGE_SIZE && (!total.exact || total.count > page * PAGE_SIZE)
    return answerStorePage({
      title: query === '' ? 'Search' : query,
      query,
      body: searchPage({ query, sort, page, hasMore, total, extensions }),
    })
  })
}

const contextOf = (deps: Deps, c: Context<HttpEnv>) =>
  createRequestContext(deps, c, { requestId: c.get('requestId'), ip: c.get('clientIp') })

/** What nobody types on purpose, and no database stores. */
const clean = (text: string): string =>
  text
    .replaceAll(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .trim()
    .slice(0, MAX_QUERY_LENGTH)

const isSort = (given: string): given is Sort => Object.hasOwn(SORTS, given)

const sortOf = (given = ''): Sort => (isSort(given) ? given : 'relevance')
