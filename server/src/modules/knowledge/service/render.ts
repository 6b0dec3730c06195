import { renderMarkdown } from '../../../markdown/render.ts'
import { TextCache } from '../../../text-cache.ts'

export interface RenderedArticle {
  /** Safe HTML. Its headings begin at the second level and have ids. */
  html: string
  /** What a table of contents shows. */
  headings: { id: string; level: number; text: string }[]
}

/** Ids of a text must not be taken for those of the page around it. */
const SECTION_PREFIX = 'section-'

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }
const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim()

/** As GitHub makes them, so that writers can link to sections. */
const nameOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
    .slice(0, 80)

function render(markdown: string): RenderedArticle {
  const clean = renderMarkdown(markdown, { headings: 'page', sectionPrefix: SECTION_PREFIX })
  const headings: RenderedArticle['headings'] = []
  const taken = new Map<string, number>()
  // The sanitizer leaves no attributes on headings, so that each begins like this.
  const html = clean.replace(/<h([2-6])>([\s\S]*?)<\/h\1>/g, (_, level: string, inner: string) => {
    const text = textOf(inner)
    const name = nameOf(text)
    const times = taken.get(name) ?? 0
    taken.set(name, times + 1)
    const id = `${SECTION_PREFIX}${name}${times === 0 ? '' : `-${times}`}`
    headings.push({ id, level: Number(level), text })
    return `<h${level} id="${id}">${inner}</h${level}>`
  })
  return { html, headings }
}

const CACHE_CHARS = 8 * 1024 * 1024
const rendered = new TextCache<RenderedArticle & { sizeChars: number }>(CACHE_CHARS)

/** An article's text as HTML. The same text gives the same page, so that it is rendered once per process. */
export function renderArticle(markdown: string): RenderedArticle {
  const known = rendered.get(markdown)
  if (known) return known
  const fresh = render(markdown)
  rendered.set(markdown, { ...fresh, sizeChars: markdown.length + fresh.html.length + 200 })
  return fresh
}
