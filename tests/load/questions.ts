import type { CallPath } from '@devforge/sdk'
import { createRandom, type Random } from '@devforge/server/sandbox/catalog/random'
import {
  CATEGORIES,
  KINDS,
  pickCategory,
  pickKind,
  pickTopic,
  pickWord,
  TOPICS,
  WORDS,
} from '@devforge/server/sandbox/catalog/vocabulary'
import { capture } from './shapes.ts'

/** A whole request but for the host, which the asker adds. */
export interface PlainRequest {
  method: 'GET' | 'POST'
  path: string
  headers: [string, string][]
  body: string
}

/**
 * What people type, by the same laws as the names in the catalog: common words most; beginnings, since editors search while one types;
 * two words; a slip now and then; a category before a word; words that hardly anybody uses.
 */
export function makeTexts(count: number, seed: number, { operators }: { operators: boolean }): string[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => makeText(random, operators))
}

function makeText(random: Random, operators: boolean): string {
  const topic = (TOPICS[pickTopic(random)] ?? '').toLowerCase()
  const kind = (KINDS[pickKind(random)] ?? '').toLowerCase()
  const form = random.next()
  if (form < 0.3) return topic
  if (form < 0.45) return topic.slice(0, 3 + random.below(3))
  if (form < 0.7) return `${topic} ${kind}`
  if (form < 0.8) return kind
  if (form < 0.85) return slip(random, topic)
  if (form < 0.93) return WORDS[pickWord(random)] ?? ''
  if (operators && form < 0.97) return `category:"${CATEGORIES[pickCategory(random)]}" ${topic}`
  return `${WORDS[pickWord(random)]} ${topic}`
}

/** Two letters change places. */
function slip(random: Random, word: string): string {
  const at = 1 + random.below(Math.max(1, word.length - 2))
  return word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2)
}

/** Whose requests are unlike those of each other series, too: what one was answered must not be there for the other. */
type Series = 0 | 1 | 2

/** Requests of the SDK, as it really sends them. @param unlike each differs from all others in what changes no answer */
export function sdkRequests(
  texts: string[],
  { unlike }: { unlike: Series | false },
): Promise<PlainRequest[]> {
  const inputs = texts.map((query, i) => ({
    query,
    ...(unlike === false ? {} : { engine: `1.${500 + (i % 500)}.${unlike * texts.length + i}` }),
  }))
  return callsOf('marketplace.search', 'query', inputs)
}

/** Lone calls of one procedure, as the SDK really sends them. */
export async function callsOf(
  path: CallPath,
  kind: 'query' | 'mutation',
  inputs: object[],
): Promise<PlainRequest[]> {
  const [first] = inputs
  if (!first) throw new Error('no request was asked for')
  const bodyOf = (input: object): string => JSON.stringify({ 0: { json: input } })
  const sent = await capture((forge) =>
    (forge.call as (path: string, kind: string, input: object) => Promise<unknown>)(path, kind, first),
  )
  if (sent.body !== bodyOf(first)) throw new Error(`the SDK sends another body: ${sent.body}`)
  return inputs.map((input) => ({
    method: 'POST',
    path: sent.path,
    headers: sent.headers,
    body: bodyOf(input),
  }))
}

/** Pages have 40 to 60 results where no two requests may be the same; each series takes every third number. */
const [LEAST_RESULTS, RESULT_COUNTS, SERIES] = [40, 7, 3]

/**
 * What editors send for a text typed into the Extensions view.
 * @param unlike no two ask for the same number of results for the same text; texts that come too often for that are left out
 */
export function galleryRequests(texts: string[], { unlike }: { unlike: Series | false }): PlainRequest[] {
  if (unlike === false) return texts.map((text) => galleryRequest(text, 50))
  const seen = new Map<string, number>()
  return texts.flatMap((text) => {
    const times = seen.get(text) ?? 0
    seen.set(text, times + 1)
    return times < RESULT_COUNTS
      ? galleryRequest(text, LEAST_RESULTS + SERIES * ((text.length + 3 * times) % RESULT_COUNTS) + unlike)
      : []
  })
}

const galleryRequest = (text: string, pageSize: number): PlainRequest => ({
  method: 'POST',
  path: '/vscode/gallery/extensionquery',
  headers: [
    ['content-type', 'application/json'],
    ['accept', 'application/json;api-version=3.0-preview.1'],
  ],
  body: JSON.stringify({
    filters: [
      {
        criteria: [
          { filterType: 8, value: 'Microsoft.VisualStudio.Code' },
          { filterType: 10, value: text },
          { filterType: 12, value: '4096' },
        ],
        pageNumber: 1,
        pageSize,
        sortBy: 0,
        sortOrder: 0,
      },
    ],
    assetTypes: [],
    flags: 950,
  }),
})

export const expressRequests = (texts: string[]): PlainRequest[] =>
  texts.map((text) => ({
    method: 'GET',
    path: `/search?q=${encodeURIComponent(text)}`,
    headers: [['accept', 'application/json']],
    body: '',
  }))
