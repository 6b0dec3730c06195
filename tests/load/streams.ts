// `pnpm bench:streams`: agents who listen to the whole desk: how long whoever answers waits, and until all have heard.
import { fork } from 'node:child_process'
import { prepareQueues } from '@devforge/server/jobs/worker'
import { deskDoings } from './desk-doings.ts'
import { requestsOf, Tokens } from './doings.ts'
import { ask, end, startServer } from './harness.ts'
import { openDeps } from './kept.ts'
import type { Heard, ListenerJob } from './listeners.ts'
import { openDesk } from './made-up.ts'
import { number, readOptions } from './options.ts'
import { cpuOfTree } from './processes.ts'
import { say } from './report.ts'

const options = readOptions(
  'streams',
  'agents who listen to the whole desk: how long whoever answers waits, and until all have heard.',
  {
    listeners: number('agents who listen (500)'),
    replies: number('answers, one after the other (20)'),
    burst: number('answers at once (20)'),
  },
)
const { listeners: LISTENERS = 500, replies: REPLIES = 20, burst: BURST = 20 } = options
/** Of which server and listeners warm up. */
const WARM = 5
const TIMEOUT_MS = 30_000

await using data = await openDesk(2_000)
const deps = await openDeps(data)
const listeners = fork(new URL('./listeners.ts', import.meta.url))
try {
  await prepareQueues(deps)
  await deps.sql`
    insert into users (id, name, email, email_verified, role)
    select 'usr_listener' || n, 'Listener ' || n, 'listener-' || n || '@example.invalid', true, 'agent' from generate_series(1, ${LISTENERS}) n`
  const tokens = new Tokens(deps)
  const bearers: string[] = []
  for (let n = 1; n <= LISTENERS; n++) bearers.push(`Bearer ${await tokens.of(`usr_listener${n}`)}`)
  const doing = (await deskDoings(deps, data.loaded)).find(({ name }) => name === 'reply, as agent')
  if (!doing) throw new Error('nobody answers')
  const requests = await requestsOf(doing, tokens, 2 * (WARM + REPLIES + BURST))

  await using server = await startServer('ours', data)
  const path = `/trpc/tickets.onUpdate?input=${encodeURIComponent(JSON.stringify({ json: {} }))}`
  let sent = 0
  let bursts = 0
  const now = (): number => performance.timeOrigin + performance.now()
  const reply = async (mark: string): Promise<number> => {
    const request = requests[sent++]
    if (!request) throw new Error('no request is left')
    const { method, headers } = request
    const body = request.body.replace('Thanks,', `${mark} Thanks,`)
    const from = now()
    const response = await fetch(`http://127.0.0.1:${server.port}${request.path}`, {
      method,
      headers: headers.filter(([name]) => name !== 'connection'),
      body,
    })
    if (response.status !== 200) throw new Error(await response.text())
    await response.text()
    return now() - from
  }
  const tell = <T>(job: ListenerJob) => ask<T>(listeners, job as never)
  const quantile = (sorted: number[], q: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN).toFixed(0)
  const usage = async () => [
    (await ask<{ cpuMicros: number }>(server.child, 'usage')).cpuMicros / 1_000,
    ((await cpuOfTree(data.pid)) ?? Number.NaN) / 1_000,
  ]

  /** One answer after the other, each once all have heard of the one before. */
  async function oneByOne(name: string, count: number, expected: number): Promise<void> {
    const [replies, first, last]: [number[], number[], number[]] = [[], [], []]
    const before = await usage()
    for (let n = 0; n < count; n++) {
      const mark = `bench-mark-${sent}`
      const since = now()
      const heard = tell<Heard>({ do: 'await', text: mark, since, timeoutMs: TIMEOUT_MS })
      replies.push(await reply(mark))
      const { ms, doubled } = await heard
      if (ms.length !== expected || doubled > 0) throw new Error(`${ms.length} heard, ${doubled} twice`)
      first.push(ms[0] ?? 0)
      last.push(ms.at(-1) ?? 0)
    }
    const after = await usage()
    const sorted = [replies, first, last].map((list) => list.sort((a, b) => a - b))
    const [r = [], f = [], l = []] = sorted
    say(
      `${name}: reply p50 ${quantile(r, 0.5)} ms, p95 ${quantile(r, 0.95)}; first heard p50 ${quantile(f, 0.5)}; all heard p50 ${quantile(l, 0.5)}, p95 ${quantile(l, 0.95)}; per reply server ${(((after[0] ?? 0) - (before[0] ?? 0)) / count).toFixed(0)} ms, Postgres ${(((after[1] ?? 0) - (before[1] ?? 0)) / count).toFixed(0)} ms of processor time`,
    )
  }

  async function atOnce(name: string, expected: number): Promise<void> {
    const since = now()
    const marks = Array.from({ length: BURST }, () => `bench-mark-${sent + ++bursts * 10_000}`)
    const replies: number[] = await Promise.all(marks.map((mark) => reply(mark)))
    let all = 0
    for (const mark of marks) {
      const { ms, doubled } = await tell<Heard>({ do: 'await', text: mark, since, timeoutMs: TIMEOUT_MS })
      if (ms.length !== expected || doubled > 0) throw new Error(`${ms.length} heard, ${doubled} twice`)
      all = Math.max(all, ms.at(-1) ?? 0)
    }
    replies.sort((a, b) => a - b)
    say(
      `${name}: p50 ${quantile(replies, 0.5)} ms, p95 ${quantile(replies, 0.95)}; all heard all after ${all.toFixed(0)} ms`,
    )
  }

  await oneByOne('nobody listens, cold', WARM, 0)
  await oneByOne('nobody listens', REPLIES, 0)
  await atOnce(`nobody listens, ${BURST} replies at once`, 0)
  const { open } = await tell<{ open: number }>({ do: 'open', port: server.port, path, bearers })
  say(`${open} streams are open`)
  await oneByOne('warming up', WARM, LISTENERS)
  await oneByOne(`${LISTENERS} listen`, REPLIES, LISTENERS)

  await atOnce(`${BURST} replies at once`, LISTENERS)
} finally {
  await end(listeners)
  await deps.close()
}
