import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'

/** Runs one statement over a connection of its own. */
export async function query(url: string, statement: string): Promise<postgres.Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 5 })
  try {
    return await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

export interface EmbeddedChild {
  process: ChildProcess
  /** The next line that the child says. */
  next(): Promise<Record<string, unknown>>
}

/** Starts `embedded-child.ts`. `user`: as that uid and gid, with an empty environment of its own. */
export function spawnChild(dir: string, mode: string, user?: number): EmbeddedChild {
  const script = path.join(import.meta.dirname, 'embedded-child.ts')
  const asUser =
    user === undefined
      ? {}
      : { uid: user, gid: user, env: { PATH: process.env.PATH, HOME: path.dirname(dir) } }
  const child = spawn(process.execPath, [script, dir, mode], {
    ...asUser,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint += String(chunk)
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next()
    if (line.done) throw new Error(`The child ended without a word: ${complaint}`)
    return JSON.parse(line.value)
  }
  return { process: child, next }
}

export async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Ids of processes with this parent whose command line holds `text`. Linux only. */
export function childrenOf(parent: number, text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === parent && read(`/proc/${pid}/cmdline`).includes(text))
}

/** Whether any server runs on data below this folder. Linux only. */
export const isPostgresIn = (folder: string): boolean =>
  readdirSync('/proc').some(
    (pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`).includes(`\0-D\0${folder}`),
  )

/** Whether this process is there and not a zombie. Linux only. */
export const isRunning = (pid: number): boolean => read(`/proc/${pid}/cmdline`) !== ''

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
