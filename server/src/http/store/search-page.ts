import { html } from 'hono/html'
import type { ListedExtension } from '../../modules/marketplace/service/search/listing.ts'
import type { Markup } from '../forms.ts'
import { assetPath } from './item-page.ts'
import { icon, itemPath, shortNumber, stars } from './layout.ts'

export const SORTS = {
  relevance: 'Relevance',
  installs: 'Most installed',
  rating: 'Best rated',
  updated: 'Recently updated',
  published: 'Newest',
  trending: 'Trending',
  name: 'Name',
} as const

export type Sort = keyof typeof SORTS

export interface Results {
  query: string
  sort: Sort
  page: number
  hasMore: boolean
  total: { count: number; exact: boolean }
  extensions: ListedExtension[]
}

/** What was found, as cards. */
export function searchPage(results: Results): Markup {
  const { query, sort, total, extensions } = results
  return html`<h1>${query === '' ? 'Extensions' : html`Results for “${query}”`}</h1>
<p class="soft" role="status">${count(total)}</p>
<form action="/vscode/search"><input type="hidden" name="q" value="${query}"><label>Sort by <select name="sort">${Object.entries(
    SORTS,
  ).map(
    ([value, text]) =>
      html`<option value="${value}"${value === sort ? html` selected` : ''}>${text}</option>`,
  )}</select></label> <button class="button plain">Sort</button></form>
${extensions.length === 0 ? html`<p>Nothing was found. Try fewer or other words.</p>` : html`<ul class="results">${extensions.map(card)}</ul>`}
${pages(results)}`
}

function count({ count, exact }: Results['total']): string {
  if (!exact) return `${shortNumber(count)}+ extensions`
  return count === 1 ? '1 extension' : `${count} extensions`
}

function card(extension: ListedExtension): Markup {
  const picture =
    extension.hasIcon && extension.latestVersion !== null
      ? assetPath(
          { publisherName: extension.publisher, name: extension.name },
          extension.latestVersion,
          'Microsoft.VisualStudio.Services.Icons.Default',
          'universal',
        )
      : null
  return html`<li>${icon(picture, extension.displayName, 64)}<div>
<h2><a href="${itemPath(`${extension.publisher}.${extension.name}`)}">${extension.displayName}</a></h2>
<p class="small soft">${extension.publisherDisplayName}${extension.publisherVerified ? html` <span class="verified" title="${extension.publisherDomain ?? ''}">✓<span class="skip"> verified</span></span>` : ''}${extension.paid ? html` <span class="badge">paid</span>` : ''}${extension.deprecated ? html` <span class="badge">deprecated</span>` : ''}</p>
<p class="small clip">${extension.description}</p>
<p class="small soft">${shortNumber(extension.installs)} installs${extension.ratingCount > 0 ? html` · ${stars(Math.round(extension.averageRating * 10) / 10)}` : ''}</p>
</div></li>`
}

function pages({ query, sort, page, hasMore }: Results): Markup {
  if (page === 1 && !hasMore) return html``
  const path = (to: number): string =>
    `/vscode/search?${new URLSearchParams({ q: query, sort, page: String(to) })}`
  return html`<nav class="pages" aria-label="Pages">${page > 1 ? html`<a rel="prev" href="${path(page - 1)}">← Page ${page - 1}</a>` : html`<span></span>`}${hasMore ? html`<a rel="next" href="${path(page + 1)}">Page ${page + 1} →</a>` : ''}</nav>`
}
