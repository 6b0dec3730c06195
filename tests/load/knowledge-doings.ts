import type { CallPath } from '@devforge/sdk'
import type { Deps } from '@devforge/server/deps'
import { createRandom, createZipf, type Random } from '@devforge/server/sandbox/catalog/random'
import { bodyWords, VOCABULARY } from '@devforge/server/sandbox/desk/vocabulary'
import type { LoadedHelp } from '@devforge/server/sandbox/help/load'
import type { Doing } from './doings.ts'

/** What people type into a search box. */
function searched(random: Random): string {
  const word = (most: number) => VOCABULARY[Math.floor(most * random.next() ** 2)] ?? ''
  const form = random.next()
  if (form < 0.25) return word(1_000)
  if (form < 0.55) return `${word(1_000)} ${word(3_000)}`
  if (form < 0.65) return word(2_000).slice(0, 3)
  if (form < 0.75) return slip(random, word(2_000))
  if (form < 0.9) return `${word(300)} ${word(2_000)} ${word(2_000)}`
  return `how do I ${word(2_000)} my ${word(2_000)} ${word(20_000)}`
}

function slip(random: Random, word: string): string {
  const at = random.below(word.length)
  return word.slice(0, at) + word.slice(at + 1)
}

/** A ticket that is being written: from a few words to half a page, some of it about something. */
function written(random: Random): string {
  const about = Array.from(
    { length: 2 + random.below(3) },
    () => VOCABULARY[30 + Math.floor(2_500 * random.next() ** 2)] ?? '',
  )
  const around = bodyWords(random, random.pick([3, 8, 20, 60, 150]))
  for (const word of about)
    around.splice(random.below(around.length), 0, random.next() < 0.15 ? slip(random, word) : word)
  return `Hi, I have a problem since yesterday: ${around.join(' ')}. Please help!`
}

/** Articles that everybody may read, what is read most first. */
const readArticles = ({ sql }: Deps) =>
  sql<{ id: string; slug: string }[]>`
    select article_id as id, slug from article_search where audience = 0 and locale = 'en' order by prior desc, no limit 4000`

export async function helpDoings(deps: Deps, { readers, writers }: LoadedHelp): Promise<Doing[]> {
  const random = createRandom(11)
  const known = await readArticles(deps)
  const pick = createZipf(known.length, 0.8)
  const slug = (): string => known[pick(random)]?.slug ?? ''
  /** Most people ask before they sign in. */
  const somebody = (): string | null => {
    const who = random.next()
    if (who < 0.7) return null
    return who < 0.95 ? random.pick(readers) : random.pick(writers)
  }
  const reading = (name: string, path: CallPath, input: () => object): Doing => ({
    name,
    path,
    kind: 'query',
    make: () => ({ userId: somebody(), input: input() }),
  })
  return [
    reading('search', 'knowledge.search', () => ({ query: searched(random) })),
    reading('search, in German', 'knowledge.search', () => ({ query: searched(random), locale: 'de' })),
    reading('search, in a category, of a version', 'knowledge.search', () => ({
      query: searched(random),
      category: 'Network',
      editorVersion: '1.95.0',
    })),
    reading('list', 'knowledge.search', () => ({ query: '' })),
    reading('suggest', 'knowledge.suggest', () => ({ text: written(random) })),
    reading('suggest, in German', 'knowledge.suggest', () => ({ text: written(random), locale: 'de' })),
    reading('article', 'knowledge.get', () => ({ slug: slug() })),
    reading('categories', 'knowledge.categories', () => ({})),
    {
      name: 'this solved it',
      path: 'knowledge.solvedIt',
      kind: 'mutation',
      make: () => ({ userId: random.pick(readers), input: { id: known[pick(random)]?.id ?? '' } }),
    },
    { name: 'page: start', page: () => '/help' },
    { name: 'page: search', page: () => `/help/search?q=${encodeURIComponent(searched(random))}` },
    { name: 'page: article', page: () => `/help/${slug()}` },
  ]
}
