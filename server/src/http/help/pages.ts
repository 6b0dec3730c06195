import { html, raw } from 'hono/html'
import type { getArticle } from '../../modules/knowledge/service/read.ts'
import type { listCategories, searchArticles } from '../../modules/knowledge/service/search.ts'
import type { Markup } from '../forms.ts'
import { day, number, type Site } from '../store/layout.ts'

type Article = Awaited<ReturnType<typeof getArticle>>
type Found = Awaited<ReturnType<typeof searchArticles>>
type Card = Found['items'][number]
type Categories = Awaited<ReturnType<typeof listCategories>>['items']

export const HELP: Site = {
  name: 'Dev Forge help',
  home: '/help',
  search: { action: '/help/search', label: 'Search the help' },
}

/** What a reader said, as the page that thanks for it is asked for. */
export type Said = 'yes' | 'no' | 'solved'

const parameters = (given: Record<string, string | null | undefined>): string => {
  const present = Object.entries(given).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return present.length === 0 ? '' : `?${new URLSearchParams(present)}`
}

export const articlePath = (slug: string, more: Record<string, string | null | undefined> = {}): string =>
  `/help/${encodeURIComponent(slug)}${parameters(more)}`

export const searchPath = (given: Record<string, string | null | undefined>): string =>
  `/help/search${parameters(given)}`

const cards = (items: Card[], searchId: string | null, locale: string | undefined): Markup =>
  html`<ul class="list">${items.map(
    (item) =>
      html`<li><h2><a href="${articlePath(item.slug, { locale, from: searchId })}"${item.locale === 'en' ? '' : html` lang="${item.locale}"`}>${item.title}</a></h2>
<p>${item.summary}</p><p class="small soft">${item.category}</p></li>`,
  )}</ul>`

const categoryList = (categories: Categories, locale: string | undefined): Markup =>
  html`<ul class="tags" aria-label="Categories">${categories.map(
    ({ name, count }) =>
      html`<li><a href="${searchPath({ category: name, locale })}">${name} <span class="soft">(${number(count)})</span></a></li>`,
  )}</ul>`

/** What to do where nothing was found. */
const WRITE_TO_US = html`<p>Nothing fits? In the editor choose <strong>Help → Contact support</strong>: somebody will answer.</p>`

/** `/help` */
export function startPage({
  categories,
  popular,
  locale,
}: {
  categories: Categories
  popular: Found
  locale: string | undefined
}): Markup {
  if (popular.items.length === 0)
    return html`<h1>Help</h1><p>No articles have been published yet.</p>${WRITE_TO_US}`
  return html`<h1>How can we help?</h1>
<p class="soft">Describe it in your own words in the search above, or look around.</p>
<section aria-labelledby="topics"><h2 id="topics">Topics</h2>${categoryList(categories, locale)}</section>
<section aria-labelledby="popular"><h2 id="popular">What helped most</h2>${cards(popular.items, null, locale)}</section>
${WRITE_TO_US}`
}

const countOf = ({ total }: Found): string => {
  if (!total.exact) return `More than ${number(total.count)} articles`
  return total.count === 1 ? '1 article' : `${number(total.count)} articles`
}

/** `/help/search` */
export function resultsPage({
  query,
  category,
  locale,
  found,
  categories,
}: {
  query: string
  category: string | undefined
  locale: string | undefined
  found: Found
  categories: Categories
}): Markup {
  const title = query === '' ? (category ?? 'All articles') : html`Results for “${query}”`
  const next = found.nextCursor
  return html`<p class="crumbs small"><a href="/help">Help</a></p><h1>${title}</h1>
<p class="soft" role="status">${countOf(found)}${query !== '' && category ? ` in ${category}` : ''}</p>
${
  found.items.length > 0
    ? cards(found.items, found.searchId, locale)
    : html`<p>Nothing was found. Try fewer words, or others for the same: what you see rather than what may be wrong.</p>
<h2>Topics</h2>${categoryList(categories, locale)}`
}
${next === null ? '' : html`<nav class="pages" aria-label="Pages"><span></span><a rel="next" href="${searchPath({ q: query, category, locale, cursor: next })}">More articles →</a></nav>`}
${WRITE_TO_US}`
}

const THANKS: Record<Said, string> = {
  yes: 'Thank you. Good to know that this helped.',
  no: 'Thank you. We will look at this article again.',
  solved: 'Thank you. One ticket less, for you and for us.',
}

/** `/help/{slug}` */
export function articlePage(
  article: Article,
  { said, from, locale }: { said: Said | undefined; from: string | undefined; locale: string | undefined },
): Markup {
  const hidden = (name: string, value: string | undefined) =>
    value === undefined ? '' : html`<input type="hidden" name="${name}" value="${value}">`
  const others = article.locales.filter((one) => one !== article.locale)
  return html`<p class="crumbs small"><a href="/help">Help</a> › <a href="${searchPath({ category: article.category, locale })}">${article.category}</a></p>
<div class="columns"><article lang="${article.locale}">
<h1>${article.title}</h1>
<p class="soft small">Updated ${day(article.updatedAt)}${versions(article)}${article.visibility === 'public' ? '' : html` <span class="badge">for ${article.visibility}</span>`}</p>
<div class="readme">${raw(article.html)}</div>
<section class="ask" id="feedback" aria-labelledby="ask"><h2 id="ask">Did this help?</h2>
${said === undefined ? '' : html`<p role="status">${THANKS[said]}</p>`}
<form method="post" action="${articlePath(article.slug)}/feedback">${hidden('locale', locale)}${hidden('from', from)}
<button class="button plain" name="helpful" value="yes">Yes</button> <button class="button plain" name="helpful" value="no">No</button></form>
<form method="post" action="${articlePath(article.slug)}/solved">${hidden('locale', locale)}${hidden('from', from)}
<button>This solved it</button></form>
</section>${said === 'no' ? WRITE_TO_US : ''}
</article>
${aside(article, others)}</div>`
}

function versions({ minVersion, maxVersion }: Article): Markup | string {
  if (minVersion !== null && maxVersion !== null) return ` · for versions ${minVersion} to ${maxVersion}`
  if (minVersion !== null) return ` · for version ${minVersion} and later`
  return maxVersion === null ? '' : ` · for versions up to ${maxVersion}`
}

function aside(article: Article, others: string[]): Markup {
  const headings = article.headings.filter(({ level }) => level <= 3)
  if (headings.length < 2 && others.length === 0 && article.tags.length === 0) return html``
  return html`<aside aria-label="About this article">
${
  headings.length < 2
    ? ''
    : html`<section><h2>Contents</h2><nav class="contents" aria-label="Contents">${headings.map(
        ({ id, level, text }) => html`<a${level > 2 ? raw(' class="sub"') : ''} href="#${id}">${text}</a>`,
      )}</nav></section>`
}
${others.length === 0 ? '' : html`<section><h2>Languages</h2><ul>${others.map((one) => html`<li><a hreflang="${one}" href="${articlePath(article.slug, { locale: one })}">${one}</a></li>`)}</ul></section>`}
${article.tags.length === 0 ? '' : html`<section><h2>Related</h2><div class="tags">${article.tags.map((tag) => html`<a href="${searchPath({ q: tag })}">${tag}</a>`)}</div></section>`}
</aside>`
}

/** For an article that is not there, or not for this reader: there is no difference. */
export const missingPage = (): Markup =>
  html`<h1>There is no such article</h1><p>It may have been renamed, or its address is misspelt. Look for it with the search above, or begin at the <a href="/help">start of the help</a>.</p>${WRITE_TO_US}`
