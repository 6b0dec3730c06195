import { createRandom, createZipf, type Random } from '../catalog/random.ts'
import { orderedId } from '../desk/generate.ts'
import { bodyWords, VOCABULARY } from '../desk/vocabulary.ts'

export interface HelpOptions {
  /** How many articles, translations included. */
  count: number
  seed?: number
  /** The present: everything happened before. */
  now: Date
}

export interface SeededVersion {
  title: string
  summary: string
  body: string
}

export interface SeededArticle {
  id: string
  slug: string
  locale: string
  status: 'draft' | 'published' | 'archived'
  visibility: 'public' | 'customers' | 'agents'
  category: string
  tags: string[]
  minVersion: string | null
  maxVersion: string | null
  /** Oldest first; the last one is what readers see, where there are readers. */
  versions: SeededVersion[]
  createdAt: Date
  updatedAt: Date
  helpful: number
  notHelpful: number
  solved: number
}

const DAY_MS = 86_400_000
const YEARS_MS = 4 * 365 * DAY_MS

export const CATEGORIES =
  'Account,Licenses,Payments,Editor,Extensions,Publishing,Network,Security,Teams,Terminal,Debugging,Git,Remote work,Themes,Languages,Updates,Models,Backup,Integrations,Known issues'.split(
    ',',
  )

/** Of the articles that there are in English, so many are translated, too. */
const TRANSLATIONS = [
  ['de', 0.2],
  ['fr', 0.1],
  ['ja', 0.05],
] as const

const share = <T>(random: Random, choices: readonly (readonly [T, number])[], otherwise: T): T => {
  let rest = random.next()
  for (const [choice, part] of choices) {
    rest -= part
    if (rest < 0) return choice
  }
  return otherwise
}

const capital = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`

/** What an article is about: words that are neither in all of them nor in one alone. */
const topicOf = (random: Random): string[] =>
  Array.from(
    { length: 2 + random.below(3) },
    () => VOCABULARY[30 + Math.floor(2_500 * random.next() ** 2)] ?? '',
  )

function bodyOf(random: Random, topic: string[]): string {
  const sentence = (): string => {
    const words = bodyWords(random, 6 + random.below(14))
    if (random.next() < 0.5) words.splice(random.below(words.length), 0, random.pick(topic))
    return `${capital(words.join(' '))}.`
  }
  const paragraph = (): string => Array.from({ length: 1 + random.below(4) }, sentence).join(' ')
  const list = (): string => Array.from({ length: 2 + random.below(5) }, () => `- ${sentence()}`).join('\n')
  const code = (): string => `\`\`\`sh\n${bodyWords(random, 3).join(' --')}\n\`\`\``
  const link = (): string => `See [${random.pick(topic)}](/help/${bodyWords(random, 2).join('-')}).`
  const section = (): string =>
    [
      `## ${capital(bodyWords(random, 2 + random.below(3)).join(' '))}`,
      paragraph(),
      ...(random.next() < 0.6 ? [list()] : []),
      ...(random.next() < 0.3 ? [code()] : []),
      ...(random.next() < 0.3 ? [link()] : []),
    ].join('\n\n')
  return [paragraph(), ...Array.from({ length: 1 + random.below(5) }, section)].join('\n\n')
}

/** Few are read by many: how many readers the article of a rank had that said something. */
const votersOf = (rank: number, count: number): number => Math.round((count * 2.5) / (rank + 5))

/** Articles of a large help, the same for the same seed. */
export function* generateArticles({ count, seed = 1, now }: HelpOptions): Generator<SeededArticle> {
  const random = createRandom(seed)
  let no = 0
  for (let slugNo = 0; no < count; slugNo++) {
    const topic = topicOf(random)
    const title = capital(`${topic.join(' ')} ${bodyWords(random, 1 + random.below(3)).join(' ')}`)
    const slug = `${topic.join('-').slice(0, 60)}-${slugNo}`
    const bounded = random.next() < 0.15
    const shared = {
      slug,
      visibility: share<SeededArticle['visibility']>(
        random,
        [
          ['customers', 0.1],
          ['agents', 0.08],
        ],
        'public',
      ),
      category: random.pick(CATEGORIES),
      tags: [...new Set(Array.from({ length: 1 + random.below(4) }, () => random.pick(topic)))],
      minVersion: bounded ? `1.${60 + random.below(40)}.0` : null,
      maxVersion: bounded && random.next() < 0.3 ? `1.${100 + random.below(10)}.99` : null,
    }
    const locales = [
      'en',
      ...TRANSLATIONS.flatMap(([locale, part]) => (random.next() < part ? [locale] : [])),
    ]
    for (const locale of locales.slice(0, count - no)) {
      const createdAt = new Date(now.getTime() - YEARS_MS + (YEARS_MS * 0.97 * no) / count)
      const versions = [
        {
          title,
          summary: random.next() < 0.7 ? capital(`${bodyWords(random, 9).join(' ')}.`) : '',
          body: bodyOf(random, topic),
        },
      ]
      while (versions.length < 12 && random.next() < 0.6) {
        const last = versions.at(-1)
        if (last)
          versions.push({ ...last, body: `${last.body}\n\n${capital(bodyWords(random, 25).join(' '))}.` })
      }
      // Which article is liked has nothing to do with when it was written.
      const voters = votersOf((no * 7_919) % count, count)
      const helpful = Math.round(voters * (0.45 + 0.5 * random.next()))
      yield {
        ...shared,
        id: orderedId('art', no, random),
        locale,
        status: share(
          random,
          [
            ['draft', 0.08],
            ['archived', 0.05],
          ],
          'published',
        ),
        versions,
        createdAt,
        updatedAt: new Date(createdAt.getTime() + random.below(30) * DAY_MS),
        helpful,
        notHelpful: voters - helpful,
        solved: Math.round(voters * 0.3 * random.next()),
      }
      no++
    }
  }
}

export interface SeededSearch {
  id: string
  kind: 'search' | 'suggest'
  query: string | null
  found: number
  shown: string[]
  opened: string[]
  at: Date
}

/** What was looked for in the last ninety days. */
export function* generateSearches(
  { count, seed = 2, now }: HelpOptions,
  articleIds: readonly string[],
): Generator<SeededSearch> {
  const random = createRandom(seed)
  const pick = createZipf(articleIds.length, 0.8)
  for (let no = 0; no < count; no++) {
    const kind = random.next() < 0.6 ? 'suggest' : 'search'
    const nothing = kind === 'search' && random.next() < 0.1
    const shown = nothing ? [] : [...new Set(Array.from({ length: 5 }, () => articleIds[pick(random)] ?? ''))]
    yield {
      id: orderedId('kse', no, random),
      kind,
      query: kind === 'search' ? bodyWords(random, 1 + random.below(3)).join(' ') : null,
      found: nothing ? 0 : shown.length + random.below(60),
      shown,
      opened: shown.length > 0 && random.next() < 0.4 ? [shown[0] ?? ''] : [],
      at: new Date(now.getTime() - 90 * DAY_MS + (90 * DAY_MS * no) / count),
    }
  }
}
