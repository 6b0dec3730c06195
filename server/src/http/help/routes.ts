import type { Context, Hono } from 'hono'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { category as categoryInput, locale as localeInput } from '../../modules/knowledge/schemas/readers.ts'
import { giveFeedback, saySolved } from '../../modules/knowledge/service/opinions.ts'
import { getArticle } from '../../modules/knowledge/service/read.ts'
import { listCategories, searchArticles } from '../../modules/knowledge/service/search.ts'
import { type Viewer, viewerAs } from '../../modules/knowledge/viewer.ts'
import type { RequestContext } from '../../trpc.ts'
import { createRequestContext, type HttpEnv } from '../context.ts'
import { pageOfError, readForm } from '../forms.ts'
import { browserActor } from '../session-cookie.ts'
import { answerStorePage, type StorePage } from '../store/layout.ts'
import { articlePage, articlePath, HELP, missingPage, resultsPage, type Said, startPage } from './pages.ts'

const PAGE_SIZE = 20
const POPULAR = 8
const MAX_QUERY_LENGTH = 200

interface Visitor {
  ctx: RequestContext
  viewer: Viewer
  /** What the address or the browser asks for; undefined: English. */
  locale: string | undefined
}

/** Help for people in their browsers: for everybody, and more of it for whoever is signed in here. */
export function mountHelp(app: Hono<HttpEnv>, deps: Deps): void {
  app.get('/help', async (c) => {
    const { ctx, viewer, locale } = await visitorOf(c, deps)
    const [{ items: categories }, popular] = await Promise.all([
      listCategories(ctx, viewer, { locale }),
      searchArticles(ctx, viewer, { query: '', locale, limit: POPULAR }),
    ])
    return answer({ title: 'Help', body: startPage({ categories, popular, locale: given(c) }) })
  })

  app.get('/help/search', async (c) => {
    const { ctx, viewer, locale } = await visitorOf(c, deps)
    const query = clean(c.req.query('q') ?? '')
    const category = categoryInput.safeParse(c.req.query('category')).data
    const cursor = c.req.query('cursor')
    const search = { query, category, locale, limit: PAGE_SIZE }
    // A cursor that is no good (any more) begins at the first page.
    const found = await searchArticles(ctx, viewer, { ...search, cursor }).catch((error: unknown) => {
      if (cursor === undefined || !(error instanceof AppError) || error.code !== 'INVALID_INPUT') throw error
      return searchArticles(ctx, viewer, search)
    })
    const { items: categories } = await listCategories(ctx, viewer, { locale })
    return answer({
      title: query === '' ? (category ?? 'All articles') : query,
      query,
      body: resultsPage({ query, category, locale: given(c), found, categories }),
    })
  })

  app.get('/help/:slug', async (c) => {
    const { ctx, viewer, locale } = await visitorOf(c, deps)
    const from = searchIdOf(c.req.query('from'))
    try {
      const article = await getArticle(ctx, viewer, { slug: slugOf(c), locale, searchId: from })
      return await answer({
        title: article.title,
        description: article.summary,
        body: articlePage(article, { said: saidOf(c.req.query('said')), from, locale: given(c) }),
      })
    } catch (error) {
      return missing(c, error)
    }
  })

  app.post('/help/:slug/feedback', (c) =>
    say(c, deps, async ({ ctx, viewer, id, form }) => {
      if (form.helpful !== 'yes' && form.helpful !== 'no')
        throw new AppError('INVALID_INPUT', { issues: [{ path: 'helpful', message: 'Say yes or no.' }] })
      await giveFeedback(ctx, viewer, { id, helpful: form.helpful === 'yes' })
      return form.helpful
    }),
  )

  app.post('/help/:slug/solved', (c) =>
    say(c, deps, async ({ ctx, viewer, id, form }) => {
      await saySolved(ctx, viewer, { id, searchId: searchIdOf(form.from) })
      return 'solved'
    }),
  )
}

/** What a form of an article's page says; then shows the page again, so that loading it anew says nothing twice. */
async function say(
  c: Context<HttpEnv>,
  deps: Deps,
  work: (said: {
    ctx: RequestContext
    viewer: Viewer
    id: string
    form: Record<string, string>
  }) => Promise<Said>,
): Promise<Response> {
  const form = await readForm(c)
  const { ctx, viewer } = await visitorOf(c, deps)
  const slug = slugOf(c)
  const locale = localeInput.safeParse(form.locale).data
  try {
    const { id } = await getArticle(ctx, viewer, { slug, locale: locale ?? preferred(c) })
    const said = await work({ ctx, viewer, id, form })
    return c.redirect(`${articlePath(slug, { locale, from: searchIdOf(form.from), said })}#feedback`, 303)
  } catch (error) {
    if (error instanceof AppError && error.code === 'ARTICLE_NOT_FOUND') return missing(c, error)
    return pageOfError(c, error, 'Help')
  }
}

const answer = (page: Omit<StorePage, 'site'>): Promise<Response> => answerStorePage({ ...page, site: HELP })

function missing(c: Context<HttpEnv>, error: unknown): Promise<Response> {
  if (!(error instanceof AppError) || error.code !== 'ARTICLE_NOT_FOUND') throw error
  c.set('errorCode', error.code)
  return answer({ title: 'Not found', status: 404, body: missingPage() })
}

async function visitorOf(c: Context<HttpEnv>, deps: Deps): Promise<Visitor> {
  const ctx = createRequestContext(deps, c, { requestId: c.get('requestId'), ip: c.get('clientIp') })
  return { ctx, viewer: viewerAs(await browserActor(c, ctx)), locale: given(c) ?? preferred(c) }
}

/** The language that the address names. */
const given = (c: Context<HttpEnv>): string | undefined => localeInput.safeParse(c.req.query('locale')).data

/** The language that the browser likes best. */
const preferred = (c: Context<HttpEnv>): string | undefined =>
  localeInput.safeParse(c.req.header('accept-language')?.split(/[,;]/)[0]?.trim()).data

const clean = (text: string): string =>
  text
    .replaceAll(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .trim()
    .slice(0, MAX_QUERY_LENGTH)
    .toWellFormed()

const slugOf = (c: Context<HttpEnv>): string => clean(c.req.param('slug') ?? '')

const searchIdOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^kse_[0-9a-z]{26}$/.test(text) ? text : undefined

const saidOf = (text: string | undefined): Said | undefined =>
  text === 'yes' || text === 'no' || text === 'solved' ? text : undefined
