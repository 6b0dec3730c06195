import { marked } from 'marked'
import sanitize from 'sanitize-html'
import { isCostlyMarkdown } from './cost.ts'

/** What a text by somebody may show. No `id`, `class` or `style`: it must not pose as a part of our page. */
const TAGS = [
  ...['h2', 'h3', 'h4', 'h5', 'h6', 'p', 'blockquote', 'pre', 'hr', 'br', 'div', 'details', 'summary'],
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

const HEADINGS = {
  /** The text stands within a page that has headings of its own: its own come two steps below. */
  within: { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6' },
  /** The text is the page, below its title. */
  page: { h1: 'h2' },
} as const

export interface MarkdownOptions {
  /** What relative links are relative to. Without it they lead nowhere and are dropped. */
  linkBase?: string | null
  /** The same for images. */
  imageBase?: string | null
  /** Whether paths of this server (`/help/proxy`) may be linked, and pictures under them shown; default true. */
  ownPaths?: boolean
  /** Whether pictures of other hosts are shown: whoever serves one learns who looks at it. Default true. */
  remoteImages?: boolean
  /** Default `within`. */
  headings?: keyof typeof HEADINGS
  /** What stands before the name in links to a section of the same text, `#name`; without it such links are dropped. */
  sectionPrefix?: string
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i
/** A path of ours is resolved against this; whatever then leads elsewhere was none. */
const SOMEWHERE = 'https://own.invalid'

/** An address in a text as one that we can print, or undefined when nobody can say where it leads. */
function addressOf(given: string, base: string | null, options: MarkdownOptions): string | undefined {
  const address = given.trim()
  if (address === '') return undefined
  if (address.startsWith('#')) {
    const { sectionPrefix } = options
    return sectionPrefix === undefined ? undefined : `#${sectionPrefix}${address.slice(1)}`
  }
  if (address.startsWith('//')) return `https:${address}`
  if (ABSOLUTE.test(address)) return address
  if (address.startsWith('/')) return options.ownPaths === false ? undefined : ownPath(address)
  return base === null ? undefined : URL.parse(address, base)?.href
}

/** Browsers take `/\evil.example` and `/<tab>/evil.example` for other hosts: what counts is where it really leads. */
function ownPath(address: string): string | undefined {
  const url = URL.parse(address, SOMEWHERE)
  if (url?.origin !== SOMEWHERE) return undefined
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') ? undefined : path
}

/** Whether a picture may be taken from there. */
const isShown = (address: string | undefined, { remoteImages = true }: MarkdownOptions): address is string =>
  address !== undefined && !address.startsWith('#') && (remoteImages || address.startsWith('/'))

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * Markdown (GitHub's) of whoever as HTML that can stand in a page of ours: no scripts, styles, forms or frames; links that say that we do
 * not speak for them; images over https or from this server only. A text that would take seconds to parse is shown as it is.
 */
export function renderMarkdown(text: string, options: MarkdownOptions = {}): string {
  // Else a text of 32 KB could hold the server up for seconds, at each look at its page.
  if (isCostlyMarkdown(text)) return asItIs(text)
  try {
    return rendered(text, options)
  } catch {
    // Whatever a stranger found that ends the parser's stack: nobody else's page, list or stream may end with it.
    return asItIs(text)
  }
}

const asItIs = (text: string): string => `<pre>${escaped(text)}</pre>`

function rendered(text: string, options: MarkdownOptions): string {
  const { linkBase = null, imageBase = null, headings = 'within' } = options
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
      ...HEADINGS[headings],
      a: (tagName, { href, title }) => {
        const address = addressOf(href ?? '', linkBase, options)
        return {
          tagName,
          attribs: {
            ...(address === undefined ? {} : { href: address, rel: 'nofollow ugc noopener noreferrer' }),
            ...(title === undefined ? {} : { title }),
          },
        }
      },
      img: (tagName, { src, alt, title, width, height }) => {
        const address = addressOf(src ?? '', imageBase, options)
        return {
          tagName,
          attribs: {
            src: isShown(address, options) ? address : '',
            // A picture without words is nothing to whoever cannot see it.
            alt: alt ?? '',
            loading: 'lazy',
            ...(title === undefined ? {} : { title }),
            ...(width === undefined ? {} : { width }),
            ...(height === undefined ? {} : { height }),
          },
        }
      },
    },
    exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !attribs.src,
  })
}
