import { lexeme, quoted } from './lexemes.ts'
import { chunksOf, fold, isStopWord, squash, wordsOf } from './words.ts'

/** What of an extension is searched. */
export interface Searchable {
  /** `ext_…` */
  id: string
  publisher: string
  publisherDisplayName: string
  name: string
  displayName: string
  description: string
  categories: string[]
  tags: string[]
  targetPlatforms: string[]
  paid: boolean
  featured: boolean
  deprecated: boolean
}

/** What the search keeps of it. */
export interface SearchDocument {
  titleKey: string
  titleSquash: string
  nameSquash: string
  publisherKey: string
  titleWords: number
  /** A tsvector literal. */
  document: string
  /** Words that misspelt ones are set right to. */
  vocabulary: string[]
}

/** Beyond this many words a description says no more, it only fills the index. */
const MAX_DESCRIPTION_WORDS = 80
/** Weights as `ts_rank` reads them. */
type Weight = 'A' | 'B' | 'C' | 'D'

/** Turns an extension into what is searched of it. Pure: seeds write the very rows that publishing writes. */
export function searchDocument(extension: Searchable): SearchDocument {
  const { displayName, name, publisher, tags } = extension
  const weights = new Map<string, Weight>()
  const add = (word: string, weight: Weight): void => {
    const known = weights.get(word)
    if (known === undefined || weight < known) weights.set(word, weight)
  }
  const title = chunksOf(displayName)
  const names = new Set<string>([...wordsOf(displayName), ...wordsOf(name), ...joined(title)])
  for (const word of names) {
    add(word, 'A')
    add(lexeme.name(word), 'A')
  }
  const tagWords = new Set<string>()
  for (const tag of tags) {
    add(lexeme.tag(tag), 'D')
    // VS Code's own marks, such as `__ext_py`, are no words.
    if (!tag.startsWith('__')) for (const word of wordsOf(tag)) tagWords.add(word)
  }
  for (const word of tagWords) {
    add(word, 'B')
    add(lexeme.name(word), 'B')
  }
  for (const category of extension.categories) {
    add(lexeme.category(category), 'D')
    for (const word of wordsOf(category)) if (!isStopWord(word)) add(word, 'C')
  }
  for (const word of [...wordsOf(publisher), ...wordsOf(extension.publisherDisplayName)]) add(word, 'C')
  let described = 0
  for (const word of wordsOf(extension.description)) {
    if (isStopWord(word)) continue
    if (++described > MAX_DESCRIPTION_WORDS) break
    add(word, 'D')
  }
  for (const filter of filtersOf(extension)) add(filter, 'D')
  return {
    titleKey: fold(displayName).trim().slice(0, 100),
    titleSquash: squash(displayName).slice(0, 100),
    nameSquash: squash(name).slice(0, 100),
    publisherKey: fold(publisher),
    titleWords: Math.max(1, title.length),
    document: literal(weights),
    vocabulary: [...new Set([...names, ...tagWords])].filter((word) => word.length >= 3),
  }
}

function* filtersOf(extension: Searchable): Generator<string> {
  yield lexeme.publisher(extension.publisher)
  yield lexeme.publisher(extension.publisherDisplayName)
  for (const platform of extension.targetPlatforms) yield lexeme.platform(platform)
  yield lexeme.price(extension.paid ? 'paid' : 'free')
  if (extension.paid) yield lexeme.bought(extension.id)
  if (extension.featured) yield lexeme.featured
  if (extension.deprecated) yield lexeme.deprecated
}

/** Neighbors written together: `Git Lens` is also found by `gitlens`. */
const joined = (chunks: { whole: string }[]): string[] =>
  chunks.slice(1).map(({ whole }, i) => `${chunks[i]?.whole}${whole}`.slice(0, 80))

/** Every lexeme once, at a position of its own, so that distance says nothing and only weights count. */
function literal(weights: Map<string, Weight>): string {
  let position = 0
  const items: string[] = []
  for (const [word, weight] of weights) {
    position = Math.min(position + 1, 16_383)
    items.push(`${quoted(word)}:${position}${weight === 'D' ? '' : weight}`)
  }
  return items.join(' ')
}
