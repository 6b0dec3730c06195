import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnv, giveToTreeOwner } from './initialize.ts'
import type { Place } from './place.ts'
import { isAlive, isPostmaster } from './processes.ts'
import { type ServerSettings, serverSettings } from './settings.ts'

const POLL_MS = 10
/** A crash recovery of a big database takes its time. */
const READY_TIMEOUT_MS = 60_000
const FAST_STOP_TIMEOUT_MS = 20_000
const IMMEDIATE_STOP_TIMEOUT_MS = 5_000

/** The server process did not come up; `log` is what it said. */
export class ServerStartFailed extends Error {
  override readonly name = 'ServerStartFailed'
  readonly log: string

  constructor(reason: string, logFile: string, log: string) {
    super(`PostgreSQL did not start (${reason}); its log ${logFile} says:\n${log.trim() || '(nothing)'}`)
    this.log = log
  }

  get portTaken(): boolean {
    return this.log.includes('could not bind')
  }

  /** Processes of a server that was killed a moment ago are still letting go of its memory. */
  get predecessorLingers(): boolean {
    return this.log.includes('pre-existing shared memory block')
  }

  get alreadyRunning(): boolean {
    return this.log.includes('lock file "postmaster.pid" already exists')
  }
}

/** A running server process of ours. */
export interface Server {
  pid: number
  /** Resolves when the process is gone, for whatever reason, with words for it. */
  exited: Promise<string>
  /** Disconnects everybody, writes everything to disk, ends. */
  stop(): Promise<void>
}

/** What PostgreSQL notes in `postmaster.pid` about itself. */
export interface PostmasterNote {
  pid: number
  port: number | undefined
  ready: boolean
}

/** Reads the note of the server on this cluster; it may have died without removing it. */
export async function readPostmasterNote(cluster: string): Promise<PostmasterNote | undefined> {
  const lines = (await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3]) || undefined, ready: lines[7]?.trim() === 'ready' }
}

/**
 * Starts the server and waits until it takes connections.
 *
 * It runs in a session of its own, so that Ctrl-C in the terminal reaches only us and we can drain first. A guard, a shell that waits for
 * the end of our pipe to it, stops the server when we are gone, however that happened.
 *
 * @throws ServerStartFailed
 */
export async function startServer(place: Place, settings: ServerSettings): Promise<Server> {
  const logFile = path.join(place.home, 'postgres.log')
  const log = await open(logFile, 'w', 0o600)
  await giveToTreeOwner(place, logFile)
  const as = { ...place.runAs, cwd: place.home, detached: true, windowsHide: true }
  const args = serverSettings(settings).flatMap((setting) => ['-c', setting])
  const child = spawn(place.binaries.postgres, ['-D', place.cluster, ...args], {
    ...as,
    env: { ...childEnv(), ...(await staleNote(place.cluster)) },
    stdio: ['ignore', log.fd, log.fd],
  })
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(String(error)))
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
  })
  await log.close()
  const pid = child.pid
  if (pid === undefined) throw new ServerStartFailed(await exited, logFile, '')

  const guard = spawnGuard(pid, { ...as, cwd: '/' })
  void exited.then(() => guard?.stdin?.end('\n'))

  const server: Server = { pid, exited, stop: () => stopChild(child, exited, place) }
  const gone = exited.then((reason) => ({ reason }))
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const note = await readPostmasterNote(place.cluster)
    if (note?.pid === pid && note.ready) break
    const end = await Promise.race([gone, sleep(POLL_MS)])
    if (end) throw new ServerStartFailed(end.reason, logFile, await readFile(logFile, 'utf8').catch(() => ''))
    if (performance.now() > deadline) {
      await server.stop()
      throw new ServerStartFailed(
        'it never became ready',
        logFile,
        await readFile(logFile, 'utf8').catch(() => ''),
      )
    }
  }
  // Whoever forgets stop() shall end all the same; the guard does the rest.
  child.unref()
  return server
}

/**
 * PostgreSQL refuses to start when the process of its last note seems to live, though the number may have gone to another process since.
 * Like pg_ctl we can name one id that it shall not mind; it still looks at the shared memory of the old server, so nothing is risked.
 */
async function staleNote(cluster: string): Promise<NodeJS.ProcessEnv> {
  const note = await readPostmasterNote(cluster)
  return note && isAlive(note.pid) && !isPostmaster(note.pid, cluster)
    ? { PG_GRANDPARENT_PID: String(note.pid) }
    : {}
}

function spawnGuard(
  pid: number,
  options: { uid?: number; gid?: number; cwd: string },
): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  // A line means: all is well, go. The end of the pipe without one means that we died. SIGINT is PostgreSQL's "fast shutdown".
  const script = 'read -r _ && exit 0; kill -INT "$1"'
  const guard = spawn('/bin/sh', ['-c', script, 'devforge-postgres-guard', String(pid)], {
    ...options,
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.once('error', () => {})
  guard.stdin.once('error', () => {})
  guard.unref()
  // An open pipe would keep our event loop alive.
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref()
  return guard
}

async function stopChild(child: ChildProcess, exited: Promise<string>, place: Place): Promise<void> {
  child.ref()
  requestFastStop(child.pid, place)
  if (await within(exited, FAST_STOP_TIMEOUT_MS)) return
  // Immediate shutdown: the next start recovers from the log.
  child.kill('SIGQUIT')
  if (await within(exited, IMMEDIATE_STOP_TIMEOUT_MS)) return
  child.kill('SIGKILL')
  await exited
}

async function within(event: Promise<unknown>, ms: number): Promise<boolean> {
  const cancel = new AbortController()
  const timeout = sleep(ms, false, { signal: cancel.signal }).catch(() => false)
  const happened = await Promise.race([event.then(() => true), timeout])
  cancel.abort()
  return happened
}

function requestFastStop(pid: number | undefined, place: Place): void {
  if (pid === undefined || !isAlive(pid)) return
  if (process.platform === 'win32') {
    spawnSync(place.binaries.pgCtl, ['stop', '-D', place.cluster, '-m', 'fast', '-W'], { env: childEnv() })
  } else process.kill(pid, 'SIGINT')
}

/**
 * Ends a server that its owner left running (killed together with the guard). Only call it while holding the folder's claim.
 *
 * @returns whether there was one
 */
export async function stopOrphan(place: Place): Promise<boolean> {
  const note = await readPostmasterNote(place.cluster)
  if (!note || !isPostmaster(note.pid, place.cluster)) return false
  requestFastStop(note.pid, place)
  const deadline = performance.now() + FAST_STOP_TIMEOUT_MS
  while (isPostmaster(note.pid, place.cluster)) {
    if (performance.now() > deadline) {
      throw new Error(
        `A PostgreSQL left running on ${place.cluster} (process ${note.pid}) does not stop. Stop it by hand.`,
      )
    }
    await sleep(POLL_MS)
  }
  return true
}
