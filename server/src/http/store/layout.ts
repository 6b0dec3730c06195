import { html, raw } from 'hono/html'
import type { Markup } from '../forms.ts'
import { pageHeaders } from '../headers.ts'
import { STYLE, STYLE_HASH } from './style.ts'

/** A part of what people see in their browsers: its name, where it begins, and what is searched in it. */
export interface Site {
  name: string
  home: string
  search: { action: string; label: string }
}

const STORE: Site = {
  name: 'Dev Forge extensions',
  home: '/vscode/search',
  search: { action: '/vscode/search', label: 'Search extensions' },
}

export interface StorePage {
  title: string
  description?: string
  /** What stands in the field of the search. */
  query?: string
  body: Markup
  status?: number
  /** Default: the store. */
  site?: Site
}

/**
 * A page of the store, or of the help. It runs no script and loads nothing but pictures: ours, and those that authors show over https. Those hosts
 * learn of a reader's address, not of the page they are on.
 */
export async function answerStorePage(page: StorePage): Promise<Response> {
  const { title, description, query = '', body, status = 200, site = STORE } = page
  const { name, home, search } = site
  const document = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
${description ? html`<meta name="description" content="${description}">` : ''}
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="bar"><div>
<a class="brand" href="${home}">${name}</a>
<form class="find" action="${search.action}" role="search">
<input type="search" name="q" value="${query}" maxlength="200" aria-label="${search.label}" placeholder="${search.label}">
<button>Search</button>
</form>
</div></header>
<main id="content">${body}</main>
</body>
</html>`
  return new Response(String(document), {
    status,
    headers: pageHeaders({ style: STYLE_HASH, image: "'self' https:" }),
  })
}

const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })
const NUMBER = new Intl.NumberFormat('en')
const SHORT_NUMBER = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** A day, as people read it and as machines do. @param at a date, or what the database spells one as */
export function day(at: Date | string): Markup {
  const date = new Date(at)
  return html`<time datetime="${date.toISOString()}">${DATE.format(date)}</time>`
}

export const number = (value: number): string => NUMBER.format(value)
export const shortNumber = (value: number): string => SHORT_NUMBER.format(value)

/** Bytes in the unit that people know from their disks. */
export function size(sizeBytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB']
  let value = sizeBytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** An amount as people of English read it; currencies differ in how many minor units make one. */
export function money(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() })
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

/** Stars with their number in words for those who cannot see them. */
export function stars(average: number): Markup {
  const full = Math.round(average)
  return html`<span class="stars" role="img" aria-label="${average} of 5 stars">${'★'.repeat(full)}${'☆'.repeat(5 - full)}</span>`
}

/** An icon, or the first letter of the name where there is none. */
export function icon(source: string | null, name: string, sizePixels: number): Markup {
  return source === null
    ? html`<span class="icon letter" aria-hidden="true">${[...name][0]?.toUpperCase() ?? '?'}</span>`
    : html`<img class="icon" src="${source}" alt="" width="${sizePixels}" height="${sizePixels}" loading="lazy">`
}

export const itemPath = (identifier: string): string =>
  `/vscode/item?itemName=${encodeURIComponent(identifier)}`

export const searchPath = (query: string): string => `/vscode/search?q=${encodeURIComponent(query)}`

/** Only what a browser opens without running it. */
export const isWebAddress = (url: string | null): url is string => url !== null && /^https?:\/\//i.test(url)
