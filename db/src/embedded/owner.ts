import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, isAlive, processIdentity } from './processes.ts'

/** Somebody already runs PostgreSQL on this folder; two would destroy the data, so the second start ends here. */
export class EmbeddedAlreadyRunning extends Error {
  override readonly name = 'EmbeddedAlreadyRunning'
  /** The process that started it (or, where that one is unknown, PostgreSQL's own). */
  readonly pid: number
  /** The port it listens on; unknown while it is still starting. */
  readonly port: number | undefined

  constructor(folder: string, pid: number, port?: number) {
    super(
      `The embedded PostgreSQL in ${folder} is already running: started by process ${pid}${port ? `, on port ${port}` : ''}. Stop that one first, or use another folder.`,
    )
    this.pid = pid
    this.port = port
  }
}

interface Owner {
  pid: number
  identity: string | undefined
}

/** The right of one process to run PostgreSQL on a folder. */
export interface Claim {
  release(): Promise<void>
}

/** Long enough for another start that read the same leftover to write its name as well. */
const TAKEOVER_SETTLE_MS = 25

/**
 * Takes the folder for this process. What a dead process left behind does not count, even when its id is in use again.
 *
 * @throws EmbeddedAlreadyRunning while another start, also one of this process, holds it.
 */
export async function claimFolder(
  folder: string,
  runningPort: () => Promise<number | undefined>,
): Promise<Claim> {
  const file = path.join(folder, 'owner.json')
  const mine = JSON.stringify({
    pid: process.pid,
    identity: processIdentity(process.pid),
    claim: randomUUID(),
  })
  const isMine = async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')) === mine
  try {
    await writeFile(file, mine, { flag: 'wx' })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    const holder = await readOwner(file)
    if (holder && isRunning(holder)) throw new EmbeddedAlreadyRunning(folder, holder.pid, await runningPort())
    const next = `${file}.${randomUUID()}`
    await writeFile(next, mine, { flag: 'wx' })
    await rename(next, file)
    await sleep(TAKEOVER_SETTLE_MS)
    if (!(await isMine())) {
      throw new EmbeddedAlreadyRunning(
        folder,
        (await readOwner(file))?.pid ?? process.pid,
        await runningPort(),
      )
    }
  }
  return {
    release: async () => {
      if (await isMine()) await rm(file, { force: true })
    },
  }
}

async function readOwner(file: string): Promise<Owner | undefined> {
  for (const lastTry of [false, true]) {
    try {
      const value: unknown = JSON.parse(await readFile(file, 'utf8'))
      if (typeof value !== 'object' || value === null) return undefined
      const pid: unknown = Reflect.get(value, 'pid')
      const identity: unknown = Reflect.get(value, 'identity')
      if (typeof pid !== 'number') return undefined
      return { pid, identity: typeof identity === 'string' ? identity : undefined }
    } catch {
      // Its writer may be between creating and filling it.
      if (!lastTry) await sleep(TAKEOVER_SETTLE_MS)
    }
  }
  return undefined
}

function isRunning(owner: Owner): boolean {
  if (!isAlive(owner.pid)) return false
  const now = processIdentity(owner.pid)
  return now === undefined || owner.identity === undefined || now === owner.identity
}
