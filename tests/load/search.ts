// `pnpm bench:search`: searches of the SDK and of editors over catalogs of several sizes, and beside the usual way.
import { fork } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import type { LoadedCatalog } from '@devforge/server/sandbox/catalog/load'
import { end, type Server, startServer } from './harness.ts'
import type { Kept } from './kept.ts'
import { openCatalog } from './made-up.ts'
import { flag, number, numbers, readOptions, text } from './options.ts'
import { expressRequests, galleryRequests, makeTexts, type PlainRequest, sdkRequests } from './questions.ts'
import { say } from './report.ts'
import { type Measured, measure, mediansOf, printMeasured, whole } from './turns.ts'

const options = readOptions(
  'search',
  'searches of the SDK and of editors over catalogs of several sizes, and beside the usual way over 20,000 extensions.',
  {
    quick: flag('small catalogs, short turns'),
    sizes: numbers('extensions in each catalog (10000,100000,1000000)'),
    'sizes-only': flag('without the usual way'),
    few: number('how many ask at once where few do (1)'),
    keep: text('folder', 'catalogs stay there and are taken up again'),
  },
)
const { quick, keep } = options
const SIZES = options.sizes ?? (quick ? [1_000, 10_000] : [10_000, 100_000, 1_000_000])
const USUAL_SIZE = quick ? 5_000 : 20_000
const TEXTS = 20_000
const [ROUNDS, ROUND_MS, WARMUP_MS] = quick ? [3, 1_500, 2_000] : [4, 2_000, 3_000]
/** Waits for nobody but itself: what one person sees. */
const FEW = options.few ?? 1
/** What the machine gives in all. */
const MANY = 32

interface Contender {
  name: string
  server: Server
  requests: PlainRequest[]
  connections: number
}

/** Everybody in short turns, so that whatever else the machine does hits all alike; medians of the rounds. */
async function measureAll(data: Kept<LoadedCatalog>, contenders: Contender[]): Promise<Measured[]> {
  const asker = fork(new URL('./asker.ts', import.meta.url))
  try {
    const files = await Promise.all(
      contenders.map(async ({ requests }, i) => {
        const file = `${data.file}.${i}`
        await writeFile(file, JSON.stringify(requests))
        return file
      }),
    )
    const all: Measured[][] = contenders.map(() => [])
    // Where each goes on, so that none of its requests comes twice before all have come.
    const from = contenders.map(() => 0)
    for (let round = -1; round < ROUNDS; round++) {
      for (const [i, contender] of contenders.entries()) {
        const ms = round < 0 ? WARMUP_MS : ROUND_MS
        const { measured, requests } = await measure(data, asker, contender, {
          file: files[i] ?? '',
          connections: contender.connections,
          ms,
          from: from[i] ?? 0,
        })
        from[i] = (from[i] ?? 0) + requests
        if (round >= 0) all[i]?.push(measured)
      }
    }
    return all.map(mediansOf)
  } finally {
    await end(asker)
  }
}

const print = (contenders: Contender[], measured: Measured[]): void =>
  printMeasured(
    contenders.flatMap(({ name }, i) => {
      const one = measured[i]
      return one ? { name, measured: one } : []
    }),
  )

async function describe(data: Kept<LoadedCatalog>): Promise<void> {
  const { extensions, packages, ratings, seconds } = data.loaded
  say(
    `\n${whole(extensions)} extensions, ${whole(packages)} packages, ${whole(ratings)} ratings, loaded in ${seconds.toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}`,
  )
}

/** Latency and throughput at one size. */
async function atSize(size: number): Promise<{ size: number; sdk: Measured; gallery: Measured }> {
  await using data = await openCatalog(size, keep)
  await describe(data)
  await using ours = await startServer('ours', data)
  const texts = makeTexts(TEXTS, 7, { operators: true })
  const contenders: Contender[] = [
    {
      name: `SDK search, ${FEW} at once, nothing kept`,
      server: ours,
      requests: await sdkRequests(texts, { unlike: 0 }),
      connections: FEW,
    },
    {
      name: `gallery query, ${FEW} at once, nothing kept`,
      server: ours,
      requests: galleryRequests(texts, { unlike: 0 }),
      connections: FEW,
    },
    {
      name: `SDK search, ${MANY} at once, nothing kept`,
      server: ours,
      requests: await sdkRequests(texts, { unlike: 1 }),
      connections: MANY,
    },
    {
      name: `SDK search, ${MANY} at once, as people ask`,
      server: ours,
      requests: await sdkRequests(texts, { unlike: false }),
      connections: MANY,
    },
    {
      name: `gallery query, ${MANY} at once, nothing kept`,
      server: ours,
      requests: galleryRequests(texts, { unlike: 1 }),
      connections: MANY,
    },
    {
      name: `gallery query, ${MANY} at once, as people ask`,
      server: ours,
      requests: galleryRequests(texts, { unlike: false }),
      connections: MANY,
    },
  ]
  const measured = await measureAll(data, contenders)
  print(contenders, measured)
  const [sdk, galleryQuery] = measured
  if (!sdk || !galleryQuery) throw new Error('nothing was measured')
  return { size, sdk, gallery: galleryQuery }
}

async function besideTheUsualWay(): Promise<void> {
  await using data = await openCatalog(USUAL_SIZE, keep)
  await describe(data)
  await using ours = await startServer('ours', data)
  await using express = await startServer('express', data)
  const texts = makeTexts(TEXTS, 7, { operators: false })
  const contenders: Contender[] = [
    {
      name: 'Express + pg, ILIKE, ratings aggregated',
      server: express,
      requests: expressRequests(texts),
      connections: MANY,
    },
    {
      name: 'ours: SDK search, as people ask',
      server: ours,
      requests: await sdkRequests(texts, { unlike: false }),
      connections: MANY,
    },
    {
      name: 'ours: SDK search, nothing kept',
      server: ours,
      requests: await sdkRequests(texts, { unlike: 0 }),
      connections: MANY,
    },
    {
      name: 'ours: gallery query, as people ask',
      server: ours,
      requests: galleryRequests(texts, { unlike: false }),
      connections: MANY,
    },
  ]
  const measured = await measureAll(data, contenders)
  print(contenders, measured)
  const [usual, asked, unlike, gallery] = measured
  if (!usual || !asked || !unlike || !gallery) return
  const times = (one: Measured): string => `${(one.perSecond / usual.perSecond).toFixed(1)} ×`
  const cheaper = (one: Measured): string =>
    `${((usual.serverMicros + usual.databaseMicros) / (one.serverMicros + one.databaseMicros)).toFixed(1)} ×`
  say(
    `\nbeside the usual way: as people ask ${times(asked)} (aim 40), nothing kept ${times(unlike)}, gallery ${times(gallery)}`,
  )
  say(
    `by processor time:    as people ask ${cheaper(asked)}, nothing kept ${cheaper(unlike)}, gallery ${cheaper(gallery)}`,
  )
}

say(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, load before ${loadavg()[0]?.toFixed(1)}`,
)
say(`medians of ${ROUNDS} rounds of ${ROUND_MS / 1_000} s, all contenders in turns`)
say(
  'nothing kept: each request differs in something that changes no answer, so that none can be answered from memory',
)
if (!options['sizes-only']) await besideTheUsualWay()
const results = []
for (const size of SIZES) results.push(await atSize(size))
const [smallest] = results
for (const { size, sdk, gallery } of results) {
  const growth = (now: Measured, then: Measured | undefined): string =>
    then ? (now.p50Ms / then.p50Ms).toFixed(2) : '–'
  say(
    `${whole(size).padStart(10)} extensions: SDK p95 ${sdk.p95Ms.toFixed(1)} ms, p50 ${growth(sdk, smallest?.sdk)} × that of the smallest; gallery p95 ${gallery.p95Ms.toFixed(1)} ms, p50 ${growth(gallery, smallest?.gallery)} ×   (aims: p95 < 20 ms at 100,000; ≤ 3 × from 10,000 to 1,000,000)`,
  )
}
