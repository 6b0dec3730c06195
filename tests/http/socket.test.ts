import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from '@devforge/server/env'
import { listen, PortInUse } from '@devforge/server/listener'
import { createLog } from '@devforge/server/log'
import { type RunningServer, startServer } from '@devforge/server/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { json } from './support.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

function start(env: Record<string, string> = {}): Promise<RunningServer> {
  const parsed = parseEnv({
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: database.url,
    MAIL_DIR: '/nonexistent',
    SHUTDOWN_TIMEOUT_SECONDS: '5',
    ...env,
  })
  return startServer({ ...parsed, DATABASE_URL: database.url }, { log: createLog('silent') })
}

/** Sends raw bytes and reads what comes until the connection ends. */
function raw(port: number, chunks: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = net.connect(port, '127.0.0.1', async () => {
      for (const chunk of chunks) socket.write(chunk)
    })
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    socket.setTimeout(5_000, () => socket.destroy())
  })
}

const HEAD =
  'POST /trpc/auth.signIn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n'

test('bad bodies over a real connection: each gets its typed answer, and the server goes on', async () => {
  const server = await start()
  try {
    expect(server.deps.env.PUBLIC_URL).toBe(`http://127.0.0.1:${server.port}`)
    const big = 'x'.repeat(10 * 1024 * 1024)
    const declared = await fetch(`${server.url}/trpc/auth.signIn`, {
      method: 'POST',
      body: big,
      headers: { 'content-type': 'application/json' },
    })
    expect(declared.status).toBe(413)
    expect((await json(declared)).error.json.data.code).toBe('PAYLOAD_TOO_LARGE')

    const piece = `${(64 * 1024).toString(16)}\r\n${' '.repeat(64 * 1024)}\r\n`
    const chunked = await raw(server.port, [
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
      ...Array(40).fill(piece),
    ])
    expect(chunked).toContain('HTTP/1.1 413')
    expect(chunked).toContain('PAYLOAD_TOO_LARGE')

    const invalid = await raw(server.port, [
      `${HEAD}Content-Length: 3\r\n\r\n`,
      Uint8Array.from([0x22, 0xff, 0x22]),
    ])
    expect(invalid).toContain('HTTP/1.1 400')
    expect(invalid).toContain('INVALID_INPUT')

    // Not HTTP, and a client that leaves in the middle of its body.
    expect(await raw(server.port, ['NONSENSE\r\n\r\n'])).toContain('HTTP/1.1 400')
    const left = net.connect(server.port, '127.0.0.1', () => {
      left.write(`${HEAD}Content-Length: 1000\r\n\r\n{"json"`)
      left.destroy()
    })
    await sleep(50)
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
  } finally {
    await server.stop()
  }
})

test('a shutdown answers what is under way, then refuses connections', async () => {
  const server = await start()
  const ready = await fetch(`${server.url}/health/ready`)
  expect(ready.status).toBe(200)
  await ready.arrayBuffer()
  // A request whose body comes late is under way.
  const body = '{"json":{}}'
  const socket = net.connect(server.port, '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n{`)
  await sleep(100)
  const stopped = server.stop()
  await sleep(100)
  await expect(fetch(`${server.url}/health/live`)).rejects.toThrow()
  socket.write(body.slice(1))
  await stopped
  expect(answer).toContain('INVALID_INPUT')
  await server.stop()
})

test('a request that never ends does not hold up a shutdown for longer than said', async () => {
  const server = await start({ SHUTDOWN_TIMEOUT_SECONDS: '1' })
  const socket = net.connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`${HEAD}Content-Length: 1000\r\n\r\n{`)
  await sleep(100)
  const startedAt = performance.now()
  await server.stop()
  expect(performance.now() - startedAt).toBeLessThan(4_000)
})

test('a port that is taken is told as such, before the database is touched', async () => {
  const first = await listen({ HOST: '127.0.0.1', PORT: 0 })
  await expect(listen({ HOST: '127.0.0.1', PORT: first.port })).rejects.toThrow(PortInUse)
  const starting = await fetch(`${first.url}/health/ready`)
  expect(starting.status).toBe(503)
  expect((await fetch(`${first.url}/health/live`)).status).toBe(200)
  await first.close(1_000)
})
