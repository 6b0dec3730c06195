import { wordsOf } from '../../marketplace/service/search/words.ts'

/** What of an article is searched. */
export interface ArticleText {
  title: string
  summary: string
  category: string
  tags: readonly string[]
  body: string
}

export interface WeighedWord {
  word: string
  /** As a tsvector spells positions with weights: `1A,2D,3D`. */
  marks: string
}

/** More of the same in a text says no more of what it is about. */
const MAX_MARKS = 3
/** Beyond this an article has said what it is about. */
const MAX_WORDS = 1_500

/** Markdown without what nobody reads: addresses, tags, marks. */
function plain(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]{1,500}>/g, ' ')
    .replace(/^\s*\[[^\]]+\]:.*$/gm, ' ')
}

/** Headings of a Markdown text, and what is between them. */
function sectionsOf(markdown: string): { headings: string; rest: string } {
  const headings: string[] = []
  const rest: string[] = []
  for (const line of plain(markdown).split('\n')) (/^#{1,6}\s/.test(line) ? headings : rest).push(line)
  return { headings: headings.join('\n'), rest: rest.join('\n') }
}

/** The words of an article, each once, with where it stands: A title, B tags, C headings, summary and category, D the rest. */
export function cutArticle({ title, summary, category, tags, body }: ArticleText): WeighedWord[] {
  const { headings, rest } = sectionsOf(body)
  const fields = [
    ['A', title],
    ['B', tags.join('\n')],
    ['C', `${summary}\n${headings}\n${category}`],
    ['D', rest],
  ] as const
  const marks = new Map<string, string[]>()
  for (const [weight, text] of fields) {
    for (const word of wordsOf(text)) {
      const known = marks.get(word)
      if (known === undefined) {
        if (marks.size < MAX_WORDS) marks.set(word, [`1${weight}`])
      } else if (known.length < MAX_MARKS) known.push(`${known.length + 1}${weight}`)
    }
  }
  return [...marks].map(([word, places]) => ({ word, marks: places.join(',') }))
}

const MAX_EXCERPT = 200

/** The beginning of a text, where its author wrote no summary. */
export function excerptOf(body: string): string {
  const paragraph = plain(body)
    .split(/\n\s*\n/)
    .find((part) => part.trim() !== '' && !/^\s*(?:#|```|\|)/.test(part))
  const text = (paragraph ?? '')
    .replace(/[*_`>]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return text.length <= MAX_EXCERPT ? text : `${text.slice(0, MAX_EXCERPT - 1).replace(/\s\S*$/, '')}…`
}
