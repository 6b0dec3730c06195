import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, isAlive, processIdentity } from '@devforge/db/processes'

/** What is made up once per installation, so that even a demo has secrets of its own. */
export interface Secrets {
  DEVFORGE_SECRET: string
  STRIPE_WEBHOOK_SECRET: string
  /** Of the demo accounts. */
  DEMO_PASSWORD: string
}

const isSecrets = (value: unknown): value is Secrets =>
  typeof value === 'object' &&
  value !== null &&
  ['DEVFORGE_SECRET', 'STRIPE_WEBHOOK_SECRET', 'DEMO_PASSWORD'].every(
    (name) => typeof Reflect.get(value, name) === 'string',
  )

/** Written aside and renamed: a crash leaves the old file or the new one. Readable for its owner only. */
async function writePrivate(file: string, value: unknown): Promise<void> {
  const part = `${file}.${randomUUID()}`
  await writeFile(part, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(part, file)
}

/**
 * The installation's secrets, made on the first start.
 * @returns `fresh` when they are new, i.e. nothing that was sealed or hashed before fits them
 */
export async function readSecrets(dataDir: string): Promise<{ secrets: Secrets; fresh: boolean }> {
  const file = join(dataDir, 'secrets.json')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (text !== undefined) {
    const kept: unknown = JSON.parse(text)
    // Making new ones here would make every license key worthless: a person should look.
    if (!isSecrets(kept))
      throw new Error(`${file} is damaged. Restore it, or delete it together with the data beside it.`)
    return { secrets: kept, fresh: false }
  }
  const secrets: Secrets = {
    DEVFORGE_SECRET: randomBytes(32).toString('base64url'),
    STRIPE_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64url')}`,
    DEMO_PASSWORD: `demo-${randomBytes(6).toString('hex')}`,
  }
  await mkdir(dataDir, { recursive: true })
  await writePrivate(file, secrets)
  return { secrets, fresh: true }
}

/** Somebody runs this installation already. */
export class AlreadyRunning extends Error {
  constructor(pid: number, url: string | undefined) {
    super(
      `Dev Forge is already running here: ${url ?? 'it is just starting'} (process ${pid}). Stop that one with Ctrl-C first; nothing was changed.`,
    )
    this.name = 'AlreadyRunning'
  }
}

interface Running {
  pid: number
  identity: string | undefined
  url?: string
}

/** The right to run this installation. */
export interface Claim {
  /** Notes where the server is, for whoever starts a second one. */
  announce(url: string): Promise<void>
  release(): Promise<void>
}

/** @throws AlreadyRunning while a start that still lives holds the folder */
export async function claimInstallation(dataDir: string): Promise<Claim> {
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, 'running.json')
  const mine: Running = { pid: process.pid, identity: processIdentity(process.pid) }
  try {
    await writeFile(file, JSON.stringify(mine), { flag: 'wx' })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    const other = await readRunning(file)
    if (other && lives(other)) throw new AlreadyRunning(other.pid, other.url)
    // Left by a killed one. Two that clear it away at once are told apart by the database's own claim.
    await writePrivate(file, mine)
  }
  return {
    announce: (url) => writePrivate(file, { ...mine, url }),
    release: () => rm(file, { force: true }),
  }
}

async function readRunning(file: string): Promise<Running | undefined> {
  const value: unknown = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text))
    .catch(() => undefined)
  if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
    return undefined
  const text = (name: string): string | undefined => {
    const member: unknown = Reflect.get(value, name)
    return typeof member === 'string' ? member : undefined
  }
  return { pid: value.pid, identity: text('identity'), url: text('url') }
}

/** Ids are used again: a later process with the same one is another. */
function lives({ pid, identity }: Running): boolean {
  if (!isAlive(pid)) return false
  const now = processIdentity(pid)
  return now === undefined || identity === undefined || now === identity
}
