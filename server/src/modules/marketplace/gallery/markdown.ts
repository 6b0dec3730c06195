import { marked } from 'marked'
import sanitize from 'sanitize-html'
import { isCostlyMarkdown } from '../markdown-cost.ts'

/** What a text of an author may show. No `id`, `class` or `style`: it must not pose as a part of our page. */
const TAGS = [
  ...['h3', 'h4', 'h5', 'h6', 'p', 'blockquote', 'pre', 'hr', 'br', 'div', 'details', 'summary'],
  ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'caption'],
  ...[
    'a',
    'img',
    'code',
    'kbd',
    'samp',
    'var',
    'strong',
    'b',
    'em',
    'i',
    'u',
    's',
    'del',
    'ins',
    'sub',
    'sup',
  ],
  ...['mark', 'q', 'abbr', 'small', 'picture', 'figure', 'figcaption'],
]

/** A stranger's page of ours begins with its own headings: theirs come two steps below. */
const LOWERED = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6' } as const

export interface MarkdownBase {
  /** Where the extension's sources are, for links that are relative to them. */
  repositoryUrl: string | null
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i

/** An address in a text as an absolute one, or undefined when nobody can say where it leads. */
function absolute(address: string, base: string | null): string | undefined {
  const trimmed = address.trim()
  if (trimmed === '' || trimmed.startsWith('#')) return undefined
  if (trimmed.startsWith('//')) return `https:${trimmed}`
  if (ABSOLUTE.test(trimmed)) return trimmed
  if (base === null || trimmed.startsWith('/')) return undefined
  return URL.parse(trimmed, base)?.href
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`)

/** Where files of a repository are shown or read; only hosts whose addresses we know. */
function basesOf(repositoryUrl: string | null): { links: string | null; images: string | null } {
  const match = /^https:\/\/(github\.com|gitlab\.com)\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/i.exec(
    repositoryUrl ?? '',
  )
  if (!match) return { links: null, images: null }
  const [, host, owner, name] = match
  const root = `https://${host}/${owner}/${name}${host?.toLowerCase() === 'gitlab.com' ? '/-' : ''}`
  return { links: `${root}/blob/HEAD/`, images: `${root}/raw/HEAD/` }
}

/**
 * A README, a changelog or the like as HTML that can stand in a page of ours: no scripts, styles, forms or frames; links that say
 * that we do not speak for them; images over https only.
 */
export function renderMarkdown(text: string, { repositoryUrl }: MarkdownBase): string {
  // Else a readme of 32 KB could hold the server up for seconds, at each look at its page.
  if (isCostlyMarkdown(text)) return `<pre>${escaped(text)}</pre>`
  const bases = basesOf(repositoryUrl)
  const html = marked.parse(text, { async: false, gfm: true })
  return sanitize(html, {
    allowedTags: TAGS,
    allowedAttributes: {
      a: ['href', 'title', 'rel'],
      img: ['src', 'alt', 'title', 'width', 'height', 'loading'],
      th: ['align', 'colspan', 'rowspan', 'scope'],
      td: ['align', 'colspan', 'rowspan'],
      details: ['open'],
      ol: ['start'],
      p: ['align'],
      div: ['align'],
    },
    allowedSchemes: ['https', 'http', 'mailto'],
    allowedSchemesByTag: { img: ['https'] },
    allowProtocolRelative: false,
    nestingLimit: 60,
    transformTags: {
      ...LOWERED,
      a: (tagName, { href, title }) => {
        const address = absolute(href ?? '', bases.links)
        return {
          tagName,
          attribs: {
            ...(address === undefined ? {} : { href: address, rel: 'nofollow ugc noopener noreferrer' }),
            ...(title === undefined ? {} : { title }),
          },
        }
      },
      img: (tagName, { src, alt, title, width, height }) => ({
        tagName,
        attribs: {
          src: absolute(src ?? '', bases.images) ?? '',
          // A picture without words is nothing to whoever cannot see it.
          alt: alt ?? '',
          loading: 'lazy',
          ...(title === undefined ? {} : { title }),
          ...(width === undefined ? {} : { width }),
          ...(height === undefined ? {} : { height }),
        },
      }),
    },
    exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !attribs.src,
  })
}
