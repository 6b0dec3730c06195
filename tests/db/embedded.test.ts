import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { EmbeddedAlreadyRunning, type EmbeddedPostgres, startEmbedded } from '@devforge/db/embedded'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { childrenOf, isRunning, killAndWait, query, spawnChild } from './embedded-support.ts'

// One folder for all tests, in turns: each finds the data of those before it.
const dir = mkdtempSync(path.join(os.tmpdir(), `devforge-test-${process.pid}-embedded-`))
const linux = process.platform === 'linux'
const running: EmbeddedPostgres[] = []
const children: ChildProcess[] = []

async function start(options: Partial<Parameters<typeof startEmbedded>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dir, port: 0, durable: false, ...options })
  running.push(server)
  return server
}

function child(mode: string): ReturnType<typeof spawnChild> {
  const spawned = spawnChild(dir, mode)
  children.push(spawned.process)
  return spawned
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  for (const spawned of children.splice(0)) await killAndWait(spawned)
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test('data outlive a restart, and stopping twice is fine', async () => {
  const first = await start()
  expect(first.fresh).toBe(true)
  await query(first.url, `create table kept as select 'still here' as word`)
  await Promise.all([first.stop(), first.stop()])
  await first.stop()
  await expect(query(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)

  const second = await start()
  expect(second.fresh).toBe(false)
  expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'still here' }])
})

test('it is PostgreSQL 18 with the extensions we use, and letters are letters in every alphabet', async () => {
  const { url } = await start()
  expect((await query(url, 'show server_version'))[0]?.server_version).toMatch(/^18\./)
  for (const name of ['pg_trgm', 'unaccent', 'citext', 'btree_gin', 'pg_stat_statements']) {
    await query(url, `create extension ${name}`)
  }
  const [row] = await query(
    url,
    `select lower('ÉТЕСТ') as lower, unaccent('Été') as plain, 'ÄÖ'::citext = 'äö'::citext as same,
            similarity('Привет', 'привет') as alike, 'Z' < 'a' as by_code_point`,
  )
  expect(row).toEqual({ lower: 'éтест', plain: 'Ete', same: true, alike: 1, by_code_point: true })
})

test('writes reach the disk unless told otherwise', async () => {
  const volatile = await start()
  expect(await query(volatile.url, 'show fsync')).toEqual([{ fsync: 'off' }])
  await volatile.stop()
  const durable = await start({ durable: true })
  expect(await query(durable.url, 'show fsync')).toEqual([{ fsync: 'on' }])
  expect(await query(durable.url, 'show full_page_writes')).toEqual([{ full_page_writes: 'on' }])
})

test('nobody comes in without the password, and no other machine at all', async () => {
  const server = await start()
  const url = new URL(server.url)
  const password = path.join(server.home, 'password')
  expect((await readFile(password, 'utf8')).trim()).toBe(url.password)
  expect((await stat(password)).mode & 0o777).toBe(0o600)
  expect((await stat(path.join(server.home, 'cluster'))).mode & 0o077).toBe(0)
  expect(await query(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  expect(await query(server.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
  for (const wrong of ['', 'postgres', `${url.password}x`]) {
    url.password = wrong
    await expect(query(url.href, 'select 1')).rejects.toThrow(/password/)
  }
})

test('a second start is refused while one runs, from this process and from another', async () => {
  const server = await start()
  const refusal = await startEmbedded({ dir }).catch((error: unknown) => error)
  if (!(refusal instanceof EmbeddedAlreadyRunning)) throw new Error(`not refused: ${refusal}`)
  expect(refusal).toMatchObject({ pid: process.pid, port: server.port })
  expect(refusal.message).toContain(
    `already running: started by process ${process.pid}, on port ${server.port}`,
  )
  expect(await child('wait').next()).toEqual({ error: expect.stringContaining('EmbeddedAlreadyRunning') })
  expect(await query(server.url, 'select word from kept')).toHaveLength(1)
})

test('of two starts at the same moment one wins', async () => {
  const outcomes = await Promise.all([child('wait').next(), child('wait').next(), child('wait').next()])
  expect(outcomes.filter((outcome) => 'url' in outcome)).toHaveLength(1)
  expect(outcomes.filter((outcome) => String(outcome.error).includes('AlreadyRunning'))).toHaveLength(2)
})

test('a wanted port that is taken is replaced, with a word', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const address = squatter.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const notices: string[] = []
  const server = await start({ port, onNotice: (text) => notices.push(text) })
  expect(server.port).not.toBe(port)
  expect(notices).toContain(`Port ${port} is in use: PostgreSQL listens on ${server.port}.`)
  squatter.close()
})

test('Ctrl-C reaches us but not PostgreSQL, so that we can drain first', async () => {
  const { process: spawned, next } = child('drain')
  await next()
  if (spawned.pid) process.kill(-spawned.pid, 'SIGINT')
  expect(await next()).toEqual({ state: 'drained' })
})

test.runIf(linux).each(['exit', 'kill'])('it does not outlive its process (%s)', async (how) => {
  const { process: spawned, next } = child(how === 'exit' ? 'exit' : 'wait')
  const { pid } = await next()
  if (how === 'kill') spawned.kill('SIGKILL')
  await vi.waitFor(() => expect(isRunning(Number(pid))).toBe(false), 5_000)
})

test('data outlive SIGKILL of the process, and the next start need not wait', async () => {
  const { process: spawned, next } = child('wait')
  await query(String((await next()).url), `insert into kept values ('written before the kill')`)
  await killAndWait(spawned)
  const server = await start()
  expect(await query(server.url, 'select word from kept')).toHaveLength(2)
})

test.runIf(linux)('a server that lost its guard as well is stopped by the next start', async () => {
  const { process: spawned, next } = child('wait')
  const { pid } = await next()
  const guards = childrenOf(spawned.pid ?? 0, 'devforge-postgres-guard')
  expect(guards).toHaveLength(1)
  for (const guard of guards) process.kill(guard, 'SIGKILL')
  await killAndWait(spawned)
  expect(isRunning(Number(pid))).toBe(true)

  const notices: string[] = []
  const server = await start({ onNotice: (text) => notices.push(text) })
  expect(notices).toContain('Stopped a PostgreSQL that a killed process had left running.')
  expect(isRunning(Number(pid))).toBe(false)
  expect(await query(server.url, 'select word from kept')).toHaveLength(2)
})

test.runIf(linux)(
  'what a crash of the machine leaves does not block, though its process ids are in use again',
  async () => {
    const { process: spawned, next } = child('wait')
    const { pid, home } = await next()
    const cluster = path.join(String(home), 'cluster')
    const note = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8')
    process.kill(Number(pid), 'SIGKILL')
    await killAndWait(spawned)
    const { uid, gid } = await stat(cluster)
    const stranger = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' })
    children.push(stranger)
    const notePath = path.join(cluster, 'postmaster.pid')
    await writeFile(notePath, note.replace(/^\d+/, String(stranger.pid)))
    await writeFile(
      path.join(dir, 'owner.json'),
      JSON.stringify({ pid: stranger.pid, identity: 'an earlier boot/1' }),
    )

    const server = await start()
    expect(await query(server.url, 'select word from kept')).toHaveLength(2)
    expect(stranger.exitCode).toBeNull()
  },
)

test('a start that is killed while it makes the data leaves nothing half', async () => {
  const early = path.join(dir, 'early')
  const spawned = spawnChild(early, 'wait')
  children.push(spawned.process)
  await vi.waitFor(async () => {
    expect((await readdir(early)).some((name) => name.startsWith('new-'))).toBe(true)
  }, 5_000)
  await killAndWait(spawned.process)
  expect(await readdir(early)).not.toContain('cluster')
  const server = await start({ dir: early })
  expect(server.fresh).toBe(true)
  expect((await readdir(early)).filter((name) => name.startsWith('new-'))).toEqual([])
})

test.runIf(process.getuid?.() === 0)('data move along when their folder is closed later', async () => {
  const parent = mkdtempSync(path.join(os.tmpdir(), `devforge-test-${process.pid}-moved-`))
  await chmod(parent, 0o755)
  const wanted = path.join(parent, '.data')
  let home = wanted
  try {
    const open = await start({ dir: wanted })
    expect(open.home).toBe(wanted)
    await query(open.url, 'create table there ()')
    await open.stop()
    await chmod(parent, 0o700)
    const moved = await start({ dir: wanted })
    home = moved.home
    expect(home).not.toBe(wanted)
    expect(await query(moved.url, 'select * from there')).toEqual([])
    await moved.stop()
  } finally {
    for (const folder of [parent, home]) await rm(folder, { recursive: true, force: true })
  }
})

test.runIf(process.getuid?.() === 0)(
  'root starts it below a folder that is closed to everybody else',
  async () => {
    const closed = mkdtempSync(path.join(os.tmpdir(), `devforge-test-${process.pid}-closed-`))
    await chmod(closed, 0o700)
    const wanted = path.join(closed, 'checkout', '.data')
    const homes = new Set<string>()
    try {
      const notices: string[] = []
      const first = await start({ dir: wanted, onNotice: (text) => notices.push(text) })
      homes.add(first.home)
      expect(notices).toContainEqual(expect.stringContaining(`its data are kept in ${first.home}`))
      await query(first.url, 'create table there ()')
      await first.stop()

      const again = await start({ dir: wanted })
      expect(again).toMatchObject({ home: first.home, fresh: false })
      expect(await query(again.url, `select 1 from pg_tables where tablename = 'there'`)).toHaveLength(1)
      await again.stop()

      await rm(wanted, { recursive: true })
      const anew = await start({ dir: wanted })
      homes.add(anew.home)
      expect(anew.fresh).toBe(true)
      await anew.stop()
    } finally {
      for (const home of [closed, ...homes]) await rm(home, { recursive: true, force: true })
    }
  },
)
