import { fork } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import type { AskerJob, AskerStats } from './asker.ts'
import { ask, end, type Server } from './harness.ts'
import { cpuOfTree } from './processes.ts'
import type { PlainRequest } from './questions.ts'
import { say } from './report.ts'

/** One at a time: what somebody waits for on a machine of two processors that also asks. `--connections=2` fills them, 16 shows what it can bear. */
const CONNECTIONS = Number(
  process.argv.find((argument) => argument.startsWith('--connections='))?.slice('--connections='.length) ?? 1,
)
const AIM_MS = 25

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const row = (cells: string[]): void =>
  say(cells.map((cell, i) => (i === 0 ? cell.padEnd(52) : cell.padStart(13))).join(''))

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
 */
export async function measureInTurns<D extends { name: string }>(
  data: { pid: number; file: string },
  server: Server,
  doings: D[],
  requestsOf: (doing: D) => Promise<PlainRequest[]>,
  { rounds: count, roundMs, warmupMs }: Turns,
): Promise<void> {
  const asker = fork(new URL('./asker.ts', import.meta.url))
  const rounds = new Map<D, number[][]>(doings.map((doing) => [doing, []]))
  try {
    for (let round = -1; round < count; round++) {
      for (const [i, doing] of doings.entries()) {
        const file = `${data.file}.${i}`
        await writeFile(file, JSON.stringify(await requestsOf(doing)))
        const usage = async () => [
          (await ask<{ cpuMicros: number }>(server.child, 'usage')).cpuMicros,
          (await cpuOfTree(data.pid)) ?? Number.NaN,
        ]
        const [server0 = 0, postgres0 = 0] = await usage()
        const job: AskerJob = {
          port: server.port,
          file,
          connections: CONNECTIONS,
          ms: round < 0 ? warmupMs : roundMs,
          from: 0,
        }
        const stats = await ask<AskerStats>(asker, job)
        if (stats.wrong.length > 0)
          throw new Error(`${doing.name}: wrong answers:\n${stats.wrong.join('\n')}`)
        const [server1 = 0, postgres1 = 0] = await usage()
        if (round >= 0)
          rounds
            .get(doing)
            ?.push([
              stats.requests / stats.seconds,
              stats.p50Ms,
              stats.p95Ms,
              (server1 - server0) / stats.requests,
              (postgres1 - postgres0) / stats.requests,
              stats.bytes / 1_024,
            ])
      }
    }
  } finally {
    await end(asker)
  }
  row(['', 'requests/s', 'p50 ms', 'p95 ms', 'server µs', 'Postgres µs', 'kB'])
  const late: string[] = []
  for (const [{ name }, turns] of rounds) {
    const [perSecond = 0, p50 = 0, p95 = 0, serverMicros = 0, databaseMicros = 0, kilobytes = 0] = [
      0, 1, 2, 3, 4, 5,
    ].map((member) => turns.map((turn) => turn[member] ?? 0).sort((a, b) => a - b)[turns.length >> 1] ?? 0)
    row([
      name,
      whole(perSecond),
      p50.toFixed(2),
      p95.toFixed(2),
      whole(serverMicros),
      whole(databaseMicros),
      kilobytes.toFixed(1),
    ])
    if (p95 > AIM_MS) late.push(name)
  }
  say(
    `(µs: processor time per request) ${cpus().length} processors, ${CONNECTIONS} connections, load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  )
  say(late.length === 0 ? `All p95 are below ${AIM_MS} ms.` : `Above ${AIM_MS} ms at p95: ${late.join('; ')}`)
}
