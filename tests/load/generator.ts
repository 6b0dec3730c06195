// Asks one contender as fast as it answers, over kept-alive connections with one request at a time on each, and checks every answer.
// A process of its own on bare sockets: autocannon costs 80 µs of processor time per request here, more than the servers that it would
// measure on the same cores; this costs 40.
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { checkFully, type Judge, looksRight } from './answers.ts'
import type { KnownLicense, LoadedLicenses } from './dataset.ts'
import { bodyOf, type Shape } from './shapes.ts'

export interface Job {
  port: number
  shape: Shape
  /** Whose answers to expect. */
  judge: Judge
  connections: number
  ms: number
  /** Goes on past `ms` until there were so many: a slow machine must warm up as far as a fast one. */
  atLeast: number
}

export interface Stats {
  requests: number
  seconds: number
  p50Ms: number
  p99Ms: number
  checkedFully: number
  /** The first few wrong answers; none in a good run. */
  wrong: string[]
  cpuMicros: number
}

/** One answer in so many is compared field by field; the rest by status and verdict. */
const FULL_CHECK_EVERY = 64
const MAX_WRONG = 3

const file = process.argv[2]
if (!file) throw new Error('the generator is started by tests/load/validate.ts')
const { licenses } = JSON.parse(await readFile(file, 'utf8')) as LoadedLicenses

const pick = (): KnownLicense => {
  const license = licenses[Math.floor(Math.random() * licenses.length)]
  if (!license) throw new Error('no licenses')
  return license
}

async function run({ port, shape, judge, connections, ms, atLeast }: Job): Promise<Stats> {
  const head = [
    `POST ${shape.path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    ...shape.headers.map(([name, value]) => `${name}: ${value}`),
    'content-length: ',
  ].join('\r\n')
  const latencies: number[] = []
  const wrong: string[] = []
  let checkedFully = 0
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + ms

  const drive = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(port, '127.0.0.1')
      socket.setNoDelay(true).setEncoding('latin1')
      let asked: KnownLicense[] = []
      let sentAt = 0
      let received = ''
      const send = (): void => {
        asked = Array.from({ length: shape.calls }, pick)
        const body = bodyOf(shape, asked)
        sentAt = performance.now()
        socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1')
      }
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('close', () => resolve())
      socket.on('data', (chunk: string) => {
        received += chunk
        const body = completeBody(received)
        if (body === undefined) return
        const now = performance.now()
        latencies.push(now - sentAt)
        const problem =
          latencies.length % FULL_CHECK_EVERY === 0
            ? checkFully(judge, received, body, asked)
            : looksRight(received, body, shape.calls)
        if (latencies.length % FULL_CHECK_EVERY === 0) checkedFully++
        if (problem !== null && wrong.length < MAX_WRONG)
          wrong.push(`${problem}: ${received.slice(0, 2_000)}`)
        received = ''
        if (now < endsAt || latencies.length < atLeast) send()
        else socket.destroy()
      })
    })
  await Promise.all(Array.from({ length: connections }, drive))
  const used = process.cpuUsage(cpu)
  const seconds = (performance.now() - startedAt) / 1_000
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? 0
  return {
    requests: latencies.length,
    seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    checkedFully,
    wrong,
    cpuMicros: used.user + used.system,
  }
}

/** The body, once all of it is here. Answers are short and ASCII, so characters are bytes. */
function completeBody(received: string): string | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1]
  if (length === undefined) throw new Error(`an answer without content-length: ${received}`)
  const body = received.slice(end + 4)
  return body.length < Number(length) ? undefined : body
}

process.on('message', (job: Job) => {
  run(job).then(
    (stats) => process.send?.(stats),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
