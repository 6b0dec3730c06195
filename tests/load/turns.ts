import { type ChildProcess, fork } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import type { AskerJob, AskerStats } from './asker.ts'
import { ask, end, type Server } from './harness.ts'
import { cpuOfTree } from './processes.ts'
import type { PlainRequest } from './questions.ts'
import { say } from './report.ts'

const AIM_MS = 25

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

/** One turn, or the median of several. */
export interface Measured {
  perSecond: number
  p50Ms: number
  p95Ms: number
  /** Processor time per request. */
  serverMicros: number
  databaseMicros: number
  kilobytes: number
}

/** Asks for a while. @throws with answers that are not right */
export async function measure(
  data: { pid: number },
  asker: ChildProcess,
  { name, server }: { name: string; server: Server },
  how: Omit<AskerJob, 'port'>,
): Promise<{ measured: Measured; requests: number }> {
  const usage = async () =>
    [
      (await ask<{ cpuMicros: number }>(server.child, 'usage')).cpuMicros,
      (await cpuOfTree(data.pid)) ?? Number.NaN,
    ] as const
  const before = await usage()
  const stats = await ask<AskerStats>(asker, { ...how, port: server.port })
  if (stats.wrong.length > 0) throw new Error(`${name}: wrong answers:\n${stats.wrong.join('\n')}`)
  const after = await usage()
  return {
    requests: stats.requests,
    measured: {
      perSecond: stats.requests / stats.seconds,
      p50Ms: stats.p50Ms,
      p95Ms: stats.p95Ms,
      serverMicros: (after[0] - before[0]) / stats.requests,
      databaseMicros: (after[1] - before[1]) / stats.requests,
      kilobytes: stats.bytes / 1_024,
    },
  }
}

export function mediansOf(rounds: Measured[]): Measured {
  const median = (member: keyof Measured): number =>
    rounds.map((round) => round[member]).sort((a, b) => a - b)[rounds.length >> 1] ?? Number.NaN
  return {
    perSecond: median('perSecond'),
    p50Ms: median('p50Ms'),
    p95Ms: median('p95Ms'),
    serverMicros: median('serverMicros'),
    databaseMicros: median('databaseMicros'),
    kilobytes: median('kilobytes'),
  }
}

export function printMeasured(rows: { name: string; measured: Measured }[]): void {
  const row = (cells: string[]): void =>
    say(cells.map((cell, i) => (i === 0 ? cell.padEnd(52) : cell.padStart(13))).join(''))
  row(['', 'requests/s', 'p50 ms', 'p95 ms', 'server µs', 'Postgres µs', 'kB'])
  for (const { name, measured } of rows)
    row([
      name,
      whole(measured.perSecond),
      measured.p50Ms.toFixed(2),
      measured.p95Ms.toFixed(2),
      whole(measured.serverMicros),
      whole(measured.databaseMicros),
      measured.kilobytes.toFixed(1),
    ])
}

/** How long is measured. */
export interface Turns {
  rounds: number
  roundMs: number
  warmupMs: number
}
export const turnsOf = (quick: boolean): Turns =>
  // A server that has just been started runs slower than one of an hour: V8 compiles what is called often.
  quick ? { rounds: 1, roundMs: 150, warmupMs: 100 } : { rounds: 3, roundMs: 2_500, warmupMs: 8_000 }

/**
 * Everything in short turns, so that whatever else the machine does hits all alike; prints medians of the turns.
 * @param data where PostgreSQL runs, and a file beside which requests are laid
 * @param turns One connection: what somebody waits for on a machine of two processors that also asks. Two fill them, 16 show what it can bear.
 */
export async function measureInTurns<D extends { name: string }>(
  data: { pid: number; file: string },
  server: Server,
  doings: D[],
  requestsOf: (doing: D) => Promise<PlainRequest[]>,
  { rounds: count, roundMs, warmupMs, connections }: Turns & { connections: number },
): Promise<void> {
  const asker = fork(new URL('./asker.ts', import.meta.url))
  const rounds = doings.map((): Measured[] => [])
  try {
    for (let round = -1; round < count; round++) {
      for (const [i, doing] of doings.entries()) {
        const file = `${data.file}.${i}`
        await writeFile(file, JSON.stringify(await requestsOf(doing)))
        const { measured } = await measure(
          data,
          asker,
          { name: doing.name, server },
          { file, connections, ms: round < 0 ? warmupMs : roundMs, from: 0 },
        )
        if (round >= 0) rounds[i]?.push(measured)
      }
    }
  } finally {
    await end(asker)
  }
  const rows = doings.map(({ name }, i) => ({ name, measured: mediansOf(rounds[i] ?? []) }))
  printMeasured(rows)
  say(
    `(µs: processor time per request) ${cpus().length} processors, ${connections} connections, load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  )
  const late = rows.filter(({ measured }) => measured.p95Ms > AIM_MS).map(({ name }) => name)
  say(late.length === 0 ? `All p95 are below ${AIM_MS} ms.` : `Above ${AIM_MS} ms at p95: ${late.join('; ')}`)
}
