/**
 * How texts become words, for what is stored and for what is asked alike: lower case, without accents, `GitLens` and `git-lens` as
 * `git`, `lens` and `gitlens`.
 */

/** Letters that do not decompose into a plain one and an accent. */
const PLAIN: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}
const NOT_PLAIN = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'g')
const ASCII = /^[\x20-\x7e]*$/

/** Postgres takes lexemes of up to 2 kB; nobody searches for words that long. */
const MAX_WORD = 40

/** Words that say nothing of what an extension does. */
const STOP_WORDS = new Set(
  'a an and are as at be by can for from in is it its of on or that the this to with you your'.split(' '),
)

/** Lower case, without accents: `Español` → `espanol`. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  if (ASCII.test(lower)) return lower
  return lower
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(NOT_PLAIN, (letter) => PLAIN[letter] ?? letter)
}

/** Folded, and nothing but letters and digits (and the signs that tell C, C++ and C# apart): `Git Lens` → `gitlens`. */
export const squash = (text: string): string => fold(text).replace(/[^\p{L}\p{N}+#]+/gu, '')

/** Runs without white space that may hold several words; `C++` and `C#` keep their signs. */
const CHUNK = /[\p{L}\p{N}\p{M}]+(?:[-._/:'’]*[\p{L}\p{N}\p{M}]+)*(?:\+\+|#)?/gu
const PART = /[\p{L}\p{N}\p{M}]+(?:\+\+|#)?/gu
/** Where one word ends inside of another: `gitLens`, `HTMLPreview`. */
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u
/** Scripts that are written without spaces. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]{2,}$/u

/** A run of text: the whole as one word, and the words it is made of (none when it is a single one). */
export interface Chunk {
  whole: string
  parts: string[]
}

/** Cuts a text into chunks. A chunk that is a single word has no parts. */
export function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = []
  for (const [run] of text.matchAll(CHUNK)) {
    const parts: string[] = []
    for (const [part] of run.matchAll(PART)) {
      for (const hump of part.split(HUMP)) {
        const word = fold(hump)
        if (UNSPACED.test(word)) parts.push(...pairsOf(word))
        else if (word) parts.push(word)
      }
    }
    const whole = squash(run)
    if (whole.length > 0 && whole.length <= MAX_WORD) {
      chunks.push({ whole, parts: parts.length > 1 ? parts.filter(isStorable) : [] })
    } else for (const part of parts) if (isStorable(part)) chunks.push({ whole: part, parts: [] })
  }
  return chunks
}

const isStorable = (word: string): boolean => word.length <= MAX_WORD

/** `拡張機能` → `拡張`, `張機`, `機能`. */
function pairsOf(word: string): string[] {
  const letters = [...word]
  return letters.slice(1).map((letter, i) => `${letters[i]}${letter}`)
}

export const isStopWord = (word: string): boolean => STOP_WORDS.has(word)

/** Every word of a text, wholes and parts. */
export function* wordsOf(text: string): Generator<string> {
  for (const { whole, parts } of chunksOf(text)) {
    yield whole
    yield* parts
  }
}

/** The other number of an English word: `theme` ⇄ `themes`. */
export function otherNumber(word: string): string | undefined {
  if (!/^[a-z]{3,}$/.test(word)) return undefined
  if (/(?:ss|us|is)$/.test(word)) return undefined
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`
  if (/(?:ch|sh|x|z)es$/.test(word)) return word.slice(0, -2)
  if (word.endsWith('s')) return word.slice(0, -1)
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`
  if (/(?:ch|sh|x|z)$/.test(word)) return `${word}es`
  return `${word}s`
}
