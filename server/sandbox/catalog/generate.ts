import { createRandom, createZipf, type Random, seededId, seededUuid } from './random.ts'
import {
  ADJECTIVES,
  brand,
  CATEGORIES,
  KINDS,
  PLATFORMS,
  pickCategory,
  pickKind,
  pickTopic,
  pickWord,
  publisherName,
  TOPICS,
  WORDS,
} from './vocabulary.ts'

export interface SeededPublisher {
  id: string
  uuid: string
  name: string
  displayName: string
  verified: boolean
}

export interface SeededVersion {
  id: string
  version: string
  targetPlatform: string
  preRelease: boolean
  engine: string
  publishedAt: Date
}

export interface SeededExtension {
  id: string
  uuid: string
  publisher: SeededPublisher
  name: string
  displayName: string
  description: string
  categories: string[]
  tags: string[]
  installs: number
  deprecated: boolean
  preview: boolean
  hasIcon: boolean
  /** Stars of each rating, given by users 0, 1, 2 … */
  stars: number[]
  publishedAt: Date
  releasedAt: Date
  /** Newest first. */
  versions: SeededVersion[]
}

export interface CatalogOptions {
  /** How many extensions. */
  count: number
  seed?: number
  /** The present of the catalog: everything was published before. */
  now: Date
}

const DAY_MS = 86_400_000
/** One in so many extensions has many versions for many platforms. */
const BIG_SHARE = 0.005
const BIG_VERSIONS = 20
/** People who rate. */
export const RATERS = 500

/**
 * A catalog as real ones are, the same for the same seed: few names are everywhere (Zipf), few extensions have most installs (a power
 * law), publishers have one extension or dozens, the big ones have 20 versions for six platforms.
 */
export function* generateCatalog({ count, seed = 1, now }: CatalogOptions): Generator<SeededExtension> {
  const random = createRandom(seed)
  const publishers = Array.from({ length: Math.max(1, Math.ceil(count / 3)) }, (_, no) =>
    makePublisher(random, no),
  )
  const pickPublisher = createZipf(publishers.length, 0.6)
  const taken = new Set<string>()
  for (let made = 0; made < count; made++) {
    const publisher = publishers[pickPublisher(random)]
    if (!publisher) throw new Error('no publishers')
    yield makeExtension(random, publisher, taken, now)
  }
}

function makePublisher(random: Random, no: number): SeededPublisher {
  const name = publisherName(random, no)
  const words = name.split('-').map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)
  return {
    id: seededId('pub', random),
    uuid: seededUuid(random),
    name,
    displayName: words.join(' '),
    verified: random.next() < 0.1,
  }
}

function makeExtension(
  random: Random,
  publisher: SeededPublisher,
  taken: Set<string>,
  now: Date,
): SeededExtension {
  const topic = TOPICS[pickTopic(random)] ?? ''
  const kind = KINDS[pickKind(random)] ?? ''
  const displayName = makeName(random, topic, kind)
  let name = displayName
    .toLowerCase()
    .replaceAll('++', 'pp')
    .replaceAll('#', 'sharp')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const suffix = random.next() < 0.3 ? '-vscode' : ''
  name += suffix
  for (let n = 2; taken.has(`${publisher.name}.${name}`); n++) name = `${name.replace(/-\d+$/, '')}-${n}`
  taken.add(`${publisher.name}.${name}`)

  // Between (0, 1]: how far up the list it stands.
  const share = 1 - random.next()
  const installs = Math.floor(120 / share ** 0.95 - 120)
  const ageDays = 5 + random.below(2_500)
  const sinceRelease = Math.floor(ageDays * random.next() ** 2)
  const publishedAt = new Date(now.getTime() - ageDays * DAY_MS - random.below(DAY_MS))
  const releasedAt = new Date(now.getTime() - sinceRelease * DAY_MS - random.below(DAY_MS))
  const liked = 3 + 2 * random.next()
  const ratingCount = Math.min(RATERS, Math.floor(installs ** 0.5 * random.next() ** 2 * 0.25))
  return {
    id: seededId('ext', random),
    uuid: seededUuid(random),
    publisher,
    name,
    displayName,
    description: makeDescription(random, topic, kind),
    categories: [CATEGORIES[pickCategory(random)] ?? 'Other'],
    tags: [
      ...new Set([
        topic.toLowerCase(),
        kind.toLowerCase(),
        ...some(random, 4, () => WORDS[pickWord(random)] ?? ''),
      ]),
    ],
    installs,
    deprecated: random.next() < 0.02,
    preview: random.next() < 0.05,
    hasIcon: random.next() < 0.8,
    stars: Array.from({ length: ratingCount }, () =>
      Math.max(1, Math.min(5, Math.round(liked + 2 * (random.next() - 0.5)))),
    ),
    publishedAt,
    releasedAt,
    versions: makeVersions(random, { isBig: share < BIG_SHARE, publishedAt, releasedAt }),
  }
}

function makeName(random: Random, topic: string, kind: string): string {
  const form = random.next()
  if (form < 0.35) return `${topic} ${kind}`
  if (form < 0.55) return `${random.pick(ADJECTIVES)} ${topic}`
  if (form < 0.7) return `${brand(random)} ${topic} ${kind}`
  if (form < 0.85) return `${brand(random)} ${kind}`
  if (form < 0.95) return `${random.pick(ADJECTIVES)} ${topic} ${kind}`
  return brand(random)
}

function makeDescription(random: Random, topic: string, kind: string): string {
  const words = some(random, 6 + random.below(18), () => WORDS[pickWord(random)] ?? '')
  return `${kind} for ${topic}: ${words.join(' ')}.`
}

const some = (random: Random, most: number, make: () => string): string[] =>
  Array.from({ length: 1 + random.below(most) }, make)

function makeVersions(
  random: Random,
  { isBig, publishedAt, releasedAt }: { isBig: boolean; publishedAt: Date; releasedAt: Date },
): SeededVersion[] {
  const count = isBig ? BIG_VERSIONS : 1 + Math.floor(3 * random.next() ** 2)
  const major = random.below(4)
  const versions: SeededVersion[] = []
  for (let n = count - 1; n >= 0; n--) {
    const at =
      n === count - 1
        ? releasedAt
        : new Date(publishedAt.getTime() + ((releasedAt.getTime() - publishedAt.getTime()) * n) / count)
    const version = `${major}.${n}.${random.below(10)}`
    const engine = `^1.${60 + random.below(40)}.0`
    for (const targetPlatform of isBig ? PLATFORMS : ['universal']) {
      const preRelease = isBig && n % 4 === 2
      versions.push({
        id: seededId('exv', random),
        version,
        targetPlatform,
        preRelease,
        engine,
        publishedAt: at,
      })
    }
  }
  return versions
}
