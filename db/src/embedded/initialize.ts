import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, lchown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Identity, type Place, SERVICE_USER } from './place.ts'
import { chownTree, moveTree } from './trees.ts'

/** The one role; its password is in the file `password` beside the data. */
export const ROLE = 'devforge'

/** How the folders begin in which clusters are built. */
const UNFINISHED = 'new-'

const passwordFile = (home: string): string => path.join(home, 'password')

/** Reads the password of an initialized cluster. */
export async function readPassword(home: string): Promise<string> {
  const password = await readFile(passwordFile(home), 'utf8').catch((error: unknown) => {
    throw new Error(`${passwordFile(home)} cannot be read: the data beside it cannot be opened without it.`, {
      cause: error,
    })
  })
  return password.trim()
}

/**
 * Makes a new cluster with a random password. It is built aside and renamed into place at the end, so that a process that is killed
 * meanwhile leaves no half of one.
 *
 * @param durable also waits until everything is on the disk
 */
export async function initialize(place: Place, durable: boolean): Promise<void> {
  await removeUnfinished(place.home)
  const builder = await chooseBuilder(place)
  const staging = await mkdtemp(path.join(builder.folder, UNFINISHED))
  try {
    await chmod(staging, 0o700)
    const password = randomBytes(24).toString('base64url')
    const handedOver = path.join(staging, 'password')
    await writeFile(handedOver, password, { mode: 0o600 })
    const data = path.join(staging, 'data')
    await mkdir(data, { mode: 0o700 })
    if (builder.user)
      for (const at of [staging, handedOver, data]) await chown(at, builder.user.uid, builder.user.gid)

    await runInitdb(place, builder, { data, password: handedOver, durable })

    if (place.runAs && builder.user?.uid !== place.runAs.uid) await chownTree(data, place.runAs)
    await rm(passwordFile(place.home), { force: true })
    await writeFile(passwordFile(place.home), `${password}\n`, { mode: 0o600, flag: 'wx' })
    await giveToTreeOwner(place, passwordFile(place.home))
    await moveTree(data, place.cluster)
  } finally {
    await rm(builder.folder === place.home ? staging : builder.folder, { recursive: true, force: true })
  }
}

/** A killed start's initdb may still be writing for a moment. */
async function removeUnfinished(home: string): Promise<void> {
  const left = (await readdir(home)).filter((name) => name.startsWith(UNFINISHED))
  const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }
  for (const name of left) await rm(path.join(home, name), options)
}

interface Builder {
  user: Identity | undefined
  folder: string
  /** Goes before the command. */
  prefix: string[]
}

/**
 * initdb wants a user with a name (`postgres` itself does not), which neither root's choice nor an arbitrary container user need have.
 * Root builds as `nobody` and hands the result over; anybody else builds in a user namespace where they are called `nobody`.
 */
async function chooseBuilder(place: Place): Promise<Builder> {
  const accounts = await readAccounts()
  if (!place.runAs) {
    const prefix = hasName() ? [] : ['unshare', '--user', '--map-user=65534', '--map-group=65534']
    return { user: undefined, folder: place.home, prefix }
  }
  const { uid } = place.runAs
  if (accounts.some((account) => account.uid === uid))
    return { user: place.runAs, folder: place.home, prefix: [] }
  const nobody =
    accounts.find((account) => account.name === 'nobody') ?? accounts.find((account) => account.uid !== 0)
  // Other users reach the home only where root keeps it; a user's own folder is closed to `nobody`.
  if (uid === SERVICE_USER.uid) return { user: nobody, folder: place.home, prefix: [] }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'devforge-init-'))
  await chmod(folder, 0o711)
  return { user: nobody, folder, prefix: [] }
}

async function readAccounts(): Promise<(Identity & { name: string })[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    // `>>> 0`: macOS writes nobody's -2.
    return name && uid && gid && !name.startsWith('#')
      ? [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }]
      : []
  })
}

function hasName(): boolean {
  try {
    return os.userInfo().username !== ''
  } catch {
    return false
  }
}

async function runInitdb(
  place: Place,
  builder: Builder,
  target: { data: string; password: string; durable: boolean },
): Promise<void> {
  const words = [
    ...builder.prefix,
    place.binaries.initdb,
    `--pgdata=${target.data}`,
    `--username=${ROLE}`,
    `--pwfile=${target.password}`,
    // Also for local sockets and replication: nobody comes in without the password.
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own Unicode tables: the same order and case on every machine and libc. But pg_trgm asks libc's LC_CTYPE what a
    // letter is, and under plain C finds none outside ASCII.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(target.durable ? [] : ['--no-sync']),
  ]
  const ctypes = process.platform === 'win32' ? [] : ['C.UTF-8', 'en_US.UTF-8']
  for (const ctype of [...ctypes, 'C']) {
    const [command = '', ...args] = [...words, `--lc-ctype=${ctype}`]
    try {
      await promisify(execFile)(command, args, { ...builder.user, cwd: builder.folder, env: childEnv() })
      return
    } catch (error) {
      const output = error instanceof Error ? String(Reflect.get(error, 'stderr') ?? '') : ''
      if (ctype !== 'C' && output.includes('invalid locale name')) continue
      const hint =
        builder.prefix.length > 0 ? ' (This user has no name, and user namespaces are closed here.)' : ''
      throw new Error(
        `PostgreSQL's data folder could not be made: ${output.trim() || String(error)}${hint}`,
        {
          cause: error,
        },
      )
    }
  }
}

/** Not ours: PostgreSQL has no business with the secrets in it, and variables such as PGOPTIONS would change its ways. */
export function childEnv(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env
  return process.platform === 'win32'
    ? { PATH, SystemRoot, TEMP }
    : { PATH: PATH ?? '/usr/bin:/bin', TZ: 'UTC' }
}

/** What root writes into somebody's folder shall be theirs. */
export async function giveToTreeOwner(place: Place, file: string): Promise<void> {
  if (place.runAs && place.runAs.uid !== SERVICE_USER.uid)
    await lchown(file, place.runAs.uid, place.runAs.gid)
}
