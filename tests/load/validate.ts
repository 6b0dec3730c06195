// `pnpm bench:validate`: `licenses.validate` among 100,000 licenses, beside a floor and the usual way.

import { type LoadedLicenses, openLicenses } from './dataset.ts'
import { ask, type Contender, type Round, startGenerator, startServer } from './harness.ts'
import type { Kept } from './kept.ts'
import { flag, readOptions } from './options.ts'
import { type CpuProfile, readProfile, type Share } from './profile.ts'
import { printReport, say } from './report.ts'
import { captureShapes } from './shapes.ts'

const LICENSES = 100_000
/** By then the engine has compiled what is hot. */
const WARMUP_CALLS = 10_000

/** Everybody in short turns, so that whatever else the machine does hits all alike. */
async function compare(data: Kept<LoadedLicenses>, quick: boolean): Promise<void> {
  const [rounds, roundMs, warmupMs] = quick ? [4, 700, 800] : [12, 1_500, 2_000]
  const shapes = await captureShapes(data.loaded.licenses)
  await using floor = await startServer('floor', data)
  await using express = await startServer('express', data)
  await using ours = await startServer('ours', data)
  await using generator = startGenerator(data)
  const contenders: Contender[] = [
    { name: 'floor: node:http + postgres.js', server: floor, shape: shapes.bare, judge: 'floor' },
    { name: 'Express + pg + helmet + …', server: express, shape: shapes.bare, judge: 'express' },
    {
      name: '  the same, its statement named',
      server: express,
      shape: { ...shapes.bare, path: '/validate-prepared' },
      judge: 'express',
    },
    { name: 'ours: a call of the SDK', server: ours, shape: shapes.lone, judge: 'trpc' },
    { name: '  the same, batch: false', server: ours, shape: shapes.single, judge: 'trpc' },
    { name: '  ten calls in one request', server: ours, shape: shapes.ten, judge: 'trpc' },
  ]
  for (const contender of contenders)
    await generator.measure(contender, warmupMs, WARMUP_CALLS / contender.shape.calls)
  const results = contenders.map((contender) => ({ contender, rounds: [] as Round[] }))
  for (let round = 0; round < rounds; round++) {
    // Each time another one begins: who comes after whom must not matter.
    const first = round % results.length
    for (const result of [...results.slice(first), ...results.slice(0, first)])
      result.rounds.push(await generator.measure(result.contender, roundMs))
  }
  printReport(results, roundMs)
}

/** Where one contender's process spends its time. */
async function profile(data: Kept<LoadedLicenses>, name: 'floor' | 'express' | 'ours'): Promise<void> {
  const shapes = await captureShapes(data.loaded.licenses)
  await using server = await startServer(name, data)
  await using generator = startGenerator(data)
  const contender: Contender =
    name === 'ours'
      ? { name, server, shape: shapes.lone, judge: 'trpc' }
      : { name, server, shape: shapes.bare, judge: name }
  await generator.measure(contender, 3_000, WARMUP_CALLS)
  await ask(server.child, 'profile')
  const { requests, serverMicros } = await generator.measure(contender, 6_000)
  const { parts, functions } = readProfile(await ask<CpuProfile>(server.child, 'profiled'))
  say(
    `\n${name}: ${requests} requests, ${Math.round(serverMicros)} µs of processor time each; of the busy time`,
  )
  const list = (shares: Share[], count: number): void => {
    for (const share of shares.slice(0, count))
      say(`${share.percent.toFixed(1).padStart(6)} %  ${share.name}`)
  }
  list(parts, 20)
  say('  by function:')
  list(functions, 40)
}

const options = readOptions(
  'validate',
  'licenses.validate among 100,000 licenses, beside a bare server and beside the usual way.',
  {
    quick: flag('short turns'),
    profile: flag('where the processor time goes, instead'),
  },
)
await using data = await openLicenses(LICENSES)
say(
  `${LICENSES.toLocaleString('en-US')} licenses in PostgreSQL ${data.loaded.version}, made in ${data.loaded.seconds.toFixed(1)} s`,
)
if (options.profile) {
  for (const name of ['floor', 'ours'] as const) await profile(data, name)
} else await compare(data, options.quick)
