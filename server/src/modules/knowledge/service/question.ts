import type { Ctx } from '../../../context.ts'
import { quoted } from '../../marketplace/service/search/lexemes.ts'
import { slipsBetween } from '../../marketplace/service/search/typos.ts'
import { chunksOf, fold } from '../../marketplace/service/search/words.ts'
import { dictionaryOf } from '../locales.ts'
import type { WantedWord } from '../queries/search.ts'
import { type AskedWord, type KnownStem, understandWords } from '../queries/understand.ts'
import { STOP_WORDS } from '../text/stop-words.ts'
import { synonymsOf } from '../text/synonyms.ts'
import { lexemeOf, topicLexemeOf } from './index-article.ts'

/** Of a long text, so many words are looked up, and the ones that tell most are searched for. */
const MAX_LOOKED_UP = 24
export const MAX_WORDS = 10

/** A word of the question that some article may answer. */
export interface QuestionWord extends WantedWord {
  /** About how many articles have it. */
  documents: number
  /** The same as `exact` and `near` together, where it tells what an article is about. */
  topic: string
}

export interface Question {
  words: QuestionWord[]
  /** Of all words that were asked, also of those that nothing is known of. */
  totalWeight: number
  /** Words that lead nowhere. */
  unknown: number
}

/** The words that somebody typed, in their order, each once. A question of stop words alone is taken at its word. */
function typedWords(text: string): string[] {
  const words = [
    ...new Set(chunksOf(text).flatMap(({ whole, parts }) => (parts.length > 0 ? parts : [whole]))),
  ]
  const telling = words.filter(
    (word) => !STOP_WORDS.has(word) && (word.length > 1 || /\p{N}|[^\p{ASCII}]/u.test(word)),
  )
  return (telling.length > 0 ? telling : words).slice(0, MAX_LOOKED_UP)
}

/** A word that one article has may stand there by chance. */
const BY_CHANCE = 1

/** How much a word tells: nearly nothing when all articles have it, most when few do. */
const weightOf = (documents: number, all: number): number =>
  Math.log(1 + (Math.max(0, all - documents) + 0.5) / (documents + BY_CHANCE))

/** Short words are as near to others as to their misspellings: one slip from five letters on, two in long ones. */
const slipsAllowed = (word: string): number => (word.length < 5 ? 0 : word.length < 9 ? 1 : 2)

/** What stands for a word tells less than the word: it may mean something else. */
const NEAR = { synonym: 0.7, beginning: 0.8, similar: 0.85 } as const

/**
 * Finds out what the words of a text mean here: stems, synonyms, beginnings, misspellings; and how much each tells.
 * @param lastIsOpen whether the last word may go on
 */
export async function understand(
  ctx: Pick<Ctx, 'deps'>,
  text: string,
  { locales, audience, lastIsOpen }: { locales: string[]; audience: number; lastIsOpen: boolean },
): Promise<Question> {
  const typed = typedWords(text)
  if (typed.length === 0) return { words: [], totalWeight: 0, unknown: 0 }
  const open = lastIsOpen && /[\p{L}\p{N}]$/u.test(text) ? lastWordOf(text) : null
  const asked = typed.flatMap((word, group): AskedWord[] => [
    { word, group, kind: 'typed' },
    ...[...synonymsOf(word)].map((synonym): AskedWord => ({ word: synonym, group, kind: 'synonym' })),
  ])
  const known = await understandWords(ctx.deps.sql, {
    asked,
    open: open === null ? null : typed.indexOf(open),
    languages: locales.map((locale) => ({ locale, dictionary: dictionaryOf(locale) })),
    audience,
  })
  const all = Math.max(1, ...known.filter(({ group }) => group === -1).map(({ documents }) => documents))
  const words: QuestionWord[] = []
  for (const [group, word] of typed.entries()) {
    const found = toWanted(
      word,
      known.filter((one) => one.group === group),
      all,
    )
    if (found) words.push(found)
  }
  const unknown = typed.length - words.length
  const sum = words.reduce((total, { weight }) => total + weight, 0)
  const usual = words.length === 0 ? 1 : sum / words.length
  const best = words.toSorted((a, b) => b.weight - a.weight).slice(0, MAX_WORDS)
  return { words: best, totalWeight: sum + unknown * usual, unknown }
}

const lastWordOf = (text: string): string | null => {
  const last = chunksOf(text).at(-1)
  return last === undefined ? null : (last.parts.at(-1) ?? last.whole)
}

const lexemesOf = (stems: KnownStem[], spell = lexemeOf): string =>
  [...new Set(stems.map(({ locale, stem }) => quoted(spell(locale, stem))))].join(' | ')

const anyOf = (stems: KnownStem[]): string | null => (stems.length === 0 ? null : lexemesOf(stems))

function toWanted(word: string, known: KnownStem[], all: number): QuestionWord | undefined {
  const found = known.filter(({ documents }) => Number(documents) > 0)
  const exact = found.filter(({ kind }) => kind === 'typed')
  const near = found.filter(({ kind }) => kind === 'synonym' || kind === 'beginning')
  // What stands for it must not be the word itself, which counts more.
  const others = near.filter(({ stem }) => !exact.some((one) => one.stem === stem))
  const alternatives = others.length > 0 || exact.length > 0 ? others : similarTo(word, found)
  if (exact.length === 0 && alternatives.length === 0) return undefined
  const most = (stems: KnownStem[]): number => Math.max(0, ...stems.map(({ documents }) => Number(documents)))
  const exactWeight = exact.length > 0 ? weightOf(most(exact), all) : 0
  const factor = Math.max(0, ...alternatives.map(({ kind }) => (kind === 'typed' ? 1 : NEAR[kind])))
  const nearWeight = alternatives.length === 0 ? 0 : factor * weightOf(most(alternatives), all)
  return {
    exact: anyOf(exact),
    near: anyOf(alternatives),
    topic: lexemesOf([...exact, ...alternatives], topicLexemeOf),
    nearCount: new Set(alternatives.map(({ stem }) => stem)).size,
    weight: Math.max(exactWeight, nearWeight),
    nearWeight,
    documents: most(exact) + alternatives.reduce((sum, { documents }) => sum + Number(documents), 0),
  }
}

/** The words that a misspelt one is likeliest to be. */
function similarTo(word: string, found: KnownStem[]): KnownStem[] {
  const near = found
    .filter(({ kind }) => kind === 'similar')
    .map((one) => ({ one, slips: slipsBetween(word, fold(one.word ?? '')) }))
    // Hands slip inside of words; what begins with another letter is another word.
    .filter(({ one, slips }) => slips <= slipsAllowed(word) && fold(one.word ?? '')[0] === word[0])
  const least = Math.min(...near.map(({ slips }) => slips))
  return near.filter(({ slips }) => slips === least).map(({ one }) => one)
}
