// Sends prepared requests as fast as they are answered, one at a time on each of a few kept-alive connections. A process of its own.
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { PlainRequest } from './questions.ts'

export interface AskerJob {
  port: number
  /** JSON array of `PlainRequest`. */
  file: string
  connections: number
  ms: number
  /** Begins with this request; each is sent once before any is sent again. */
  from: number
}

export interface AskerStats {
  requests: number
  seconds: number
  p50Ms: number
  p95Ms: number
  p99Ms: number
  /** Of the bodies, on the average. */
  bytes: number
  cpuMicros: number
  wrong: string[]
}

let known: { file: string; texts: Buffer[] } | undefined

async function requestsOf(file: string, port: number): Promise<Buffer[]> {
  if (known?.file === `${file}:${port}`) return known.texts
  const requests = JSON.parse(await readFile(file, 'utf8')) as PlainRequest[]
  const texts = requests.map(({ method, path, headers, body }) => {
    const lines = [
      `${method} ${path} HTTP/1.1`,
      `host: 127.0.0.1:${port}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ]
    if (method === 'POST') lines.push(`content-length: ${Buffer.byteLength(body)}`)
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
  })
  known = { file: `${file}:${port}`, texts }
  return texts
}

async function run({ port, file, connections, ms, from }: AskerJob): Promise<AskerStats> {
  const texts = await requestsOf(file, port)
  const latencies: number[] = []
  const wrong: string[] = []
  let next = from
  let bytes = 0
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + ms
  const drive = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(port, '127.0.0.1')
      socket.setNoDelay(true)
      let parts: Buffer[] = []
      let have = 0
      let want: number | null = null
      let sentAt = 0
      const send = (): void => {
        parts = []
        have = 0
        want = null
        sentAt = performance.now()
        socket.write(texts[next++ % texts.length] ?? '')
      }
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('close', () => resolve())
      socket.on('data', (chunk: Buffer) => {
        parts.push(chunk)
        have += chunk.length
        want ??= lengthOf(Buffer.concat(parts))
        const isWhole =
          want === null ? false : want === CHUNKED ? chunk.subarray(-5).equals(LAST_CHUNK) : have >= want
        if (!isWhole) return
        latencies.push(performance.now() - sentAt)
        bytes += have
        const head = (parts[0] ?? Buffer.alloc(0)).subarray(0, 300).toString('latin1')
        if (!head.startsWith('HTTP/1.1 200') && wrong.length < 3)
          wrong.push(Buffer.concat(parts).toString().slice(0, 1_000))
        if (performance.now() < endsAt) send()
        else socket.destroy()
      })
    })
  await Promise.all(Array.from({ length: connections }, drive))
  const used = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? 0
  return {
    requests: latencies.length,
    seconds: (performance.now() - startedAt) / 1_000,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    bytes: bytes / latencies.length,
    cpuMicros: used.user + used.system,
    wrong,
  }
}

const CHUNKED = -1
const LAST_CHUNK = Buffer.from('0\r\n\r\n')

/** Length of the whole answer once its head is here, CHUNKED when only its end tells, null before. */
function lengthOf(received: Buffer): number | null {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return null
  const length = /\r\ncontent-length: (\d+)/i.exec(received.subarray(0, end + 4).toString('latin1'))?.[1]
  return length === undefined ? CHUNKED : end + 4 + Number(length)
}

process.on('message', (job: AskerJob) => {
  run(job).then(
    (stats) => process.send?.(stats),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
