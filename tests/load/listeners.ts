// Keeps streams of the desk open, and tells when what is in them arrived. A process of its own.
import { connect, type Socket } from 'node:net'

export type ListenerJob =
  | { do: 'open'; port: number; path: string; bearers: string[] }
  /** When all streams have told of a text: how long each took, counted from `since` (of the wall clock). */
  | { do: 'await'; text: string; since: number; timeoutMs: number }

export interface Heard {
  /** How long each took, ascending; those that heard nothing are not among them. */
  ms: number[]
  /** Streams that told of it more than once. */
  doubled: number
}

const heard = new Map<string, number[]>()
const told = new Map<string, Map<number, number>>()
const waiting = new Set<() => void>()
let open = 0

/** What the bench writes into its replies, so that listeners need not parse what they hear. */
const MARK = /bench-mark-\d+/

function note(mark: string, place: number, now: number): void {
  const times = heard.get(mark) ?? []
  const counts = told.get(mark) ?? new Map<number, number>()
  heard.set(mark, times)
  told.set(mark, counts)
  if (!counts.has(place)) times.push(now)
  counts.set(place, (counts.get(place) ?? 0) + 1)
}

function listen(place: number, port: number, path: string, bearer: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    let rest = ''
    socket.on('connect', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\nauthorization: ${bearer}\r\n\r\n`,
      )
    })
    socket.on('error', reject)
    socket.on('close', () => void open--)
    socket.on('data', (chunk: Buffer) => {
      const now = performance.timeOrigin + performance.now()
      const text = rest + chunk.toString('latin1')
      if (text.startsWith('HTTP/1.1') && !text.startsWith('HTTP/1.1 200')) reject(new Error(text))
      if (text.includes('event: connected')) resolve(socket)
      // A mark may be cut in two.
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      for (const line of text.slice(0, end).split('\n')) {
        const mark = MARK.exec(line)?.[0]
        if (mark !== undefined) note(mark, place, now)
      }
      for (const look of waiting) look()
    })
  })
}

/** Waits until all streams told of it, and a moment longer for what is told twice. */
async function awaitAll(text: string, since: number, timeoutMs: number): Promise<Heard> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      waiting.delete(look)
      resolve()
    }
    const look = (): void => {
      if ((heard.get(text)?.length ?? 0) >= open) done()
    }
    const timer = setTimeout(done, timeoutMs)
    waiting.add(look)
    look()
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const ms = (heard.get(text) ?? []).map((at) => at - since).sort((a, b) => a - b)
  const doubled = [...(told.get(text)?.values() ?? [])].filter((count) => count > 1).length
  heard.delete(text)
  told.delete(text)
  return { ms, doubled }
}

process.on('message', async (job: ListenerJob) => {
  if (job.do === 'open') {
    // Some at a time, as people come.
    for (let from = 0; from < job.bearers.length; from += 20) {
      const some = job.bearers.slice(from, from + 20)
      await Promise.all(some.map((bearer, i) => listen(from + i, job.port, job.path, bearer)))
      open += some.length
    }
    process.send?.({ open })
  } else process.send?.(await awaitAll(job.text, job.since, job.timeoutMs))
})
process.on('disconnect', () => process.exit(0))
