import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  access,
  chmod,
  chown,
  constants,
  lstat,
  mkdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Binaries, copyBinaries } from './binaries.ts'
import { moveTree } from './trees.ts'

/** A user that a child process runs as. */
export interface Identity {
  uid: number
  gid: number
}

/** Where everything of one embedded PostgreSQL lies, and whose it is. */
export interface Place {
  /** Holds the cluster, its password, its log and the name of its owner. */
  home: string
  /** PostgreSQL's data folder. */
  cluster: string
  /** Who PostgreSQL runs as; `undefined`: we ourselves. PostgreSQL refuses root, so root picks somebody. */
  runAs: Identity | undefined
  binaries: Binaries
}

/**
 * The user that root runs PostgreSQL as: an id that no distribution hands out (see systemd's UIDS-GIDS, "60706…61183 unused"),
 * so that no daemon under `nobody` shares the data, and no account has to be created.
 */
export const SERVICE_USER: Identity = { uid: 60_732, gid: 60_732 }

/** Where root keeps what it cannot keep in the checkout. */
const SHARED_BASES = ['/var/lib/devforge', path.join(os.tmpdir(), 'devforge')]

/** In `dir`: where the data went when `dir` was no place for them. */
const POINTER = 'moved-to'

/**
 * Makes the folder where needed and returns its real path.
 *
 * @throws Error when it is another user's
 */
export async function prepareFolder(dir: string): Promise<string> {
  await makeFolder(path.resolve(dir))
  const found = await realpath(dir)
  await access(found, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new Error(`${found} belongs to another user: start as that user, or choose or delete the folder.`, {
      cause: error,
    })
  })
  return found
}

/** Where the data of this folder lie now. */
export async function currentHome(folder: string): Promise<string> {
  return (isRoot() ? await readPointer(folder) : undefined) ?? folder
}

/**
 * Chooses, as root, somebody to run as. Where that somebody cannot reach the folder (a checkout below root's 0700 home), the data lie in a
 * shared place instead, which the folder names; `onNotice` is told. Only call it while holding the folder's claim.
 */
export async function choosePlace(
  wanted: string,
  binaries: Binaries,
  onNotice: (text: string) => void,
): Promise<Place> {
  if (!isRoot()) return { home: wanted, cluster: clusterIn(wanted), runAs: undefined, binaries }

  // In somebody's checkout root acts as that somebody, who can then go on without root.
  const { uid, gid } = await stat(wanted)
  const runAs = uid === 0 ? SERVICE_USER : { uid, gid }
  const moved = await readPointer(wanted)
  let home = moved ?? wanted
  if (uid === 0) await letThrough(home)
  if (!moved && !(await canEnter(runAs, home))) {
    home = await moveHome(wanted)
    onNotice(
      `PostgreSQL cannot run as root, and no other user can reach ${wanted}: its data are kept in ${home}.`,
    )
  }
  let usable = binaries
  if (!(await canRun(runAs, binaries.postgres))) {
    usable = await copyBinaries(binaries, await sharedBase(), onNotice)
  }
  if (!(await canEnter(runAs, home)) || !(await canRun(runAs, usable.postgres))) {
    throw new Error(
      `PostgreSQL cannot run as root, and running it as uid ${runAs.uid} in ${home} does not work here. Start as a normal user, or set DATABASE_URL.`,
    )
  }
  return { home, cluster: clusterIn(home), runAs, binaries: usable }
}

/** PostgreSQL's data folder. */
export const clusterIn = (home: string): string => path.join(home, 'cluster')

const isRoot = (): boolean => process.getuid?.() === 0

/** Creates a folder; what root creates belongs to whoever has the folder around it, and can be passed through. */
async function makeFolder(dir: string): Promise<void> {
  if (await stat(dir).catch(() => undefined)) return
  const parent = path.dirname(dir)
  await makeFolder(parent)
  await mkdir(dir, { recursive: true })
  if (!isRoot()) return
  const around = await stat(parent)
  if (around.uid !== 0) await chown(dir, around.uid, around.gid)
  // Whatever the umask is: below a closed folder PostgreSQL's user could not reach its data.
  else await chmod(dir, 0o711)
}

async function letThrough(folder: string): Promise<void> {
  const { mode } = await stat(folder)
  if ((mode & 0o011) !== 0o011) await chmod(folder, (mode & 0o7777) | 0o011)
}

/** Tried, not computed from mode bits, so that access lists, mount options and container limits count as well. */
const canEnter = (user: Identity, folder: string): Promise<boolean> => tryAs(user, 'cd "$1"', folder)
const canRun = (user: Identity, program: string): Promise<boolean> => tryAs(user, '"$1" --version', program)

async function tryAs(user: Identity, script: string, argument: string): Promise<boolean> {
  const options = { ...user, cwd: '/', env: { PATH: '/usr/bin:/bin' } }
  return promisify(execFile)('/bin/sh', ['-c', script, 'sh', argument], options).then(
    () => true,
    () => false,
  )
}

async function readPointer(dir: string): Promise<string | undefined> {
  const target = (await readFile(path.join(dir, POINTER), 'utf8').catch(() => '')).trim()
  // In somebody's checkout, somebody else writes this file.
  if (!SHARED_BASES.includes(path.dirname(target))) return undefined
  const found = await lstat(target).catch(() => undefined)
  return found?.isDirectory() && found.uid === 0 ? target : undefined
}

async function moveHome(dir: string): Promise<string> {
  const name = createHash('sha256').update(dir).digest('hex').slice(0, 16)
  const home = path.join(await sharedBase(), name)
  // Without a pointer to it, it is what an earlier folder left that has been deleted since: deleting means starting anew.
  await rm(home, { recursive: true, force: true })
  await mkdir(home)
  await chmod(home, 0o711)
  // The folder may have become closed after a first start in it.
  for (const name of ['cluster', 'password']) {
    if (await stat(path.join(dir, name)).catch(() => undefined)) {
      await moveTree(path.join(dir, name), path.join(home, name))
    }
  }
  await writeFile(path.join(dir, POINTER), `${home}\n`)
  return home
}

/** A folder of root's that everybody may pass through. */
async function sharedBase(): Promise<string> {
  for (const base of SHARED_BASES) {
    try {
      await mkdir(base, { recursive: true })
      const found = await lstat(base)
      // In a temporary folder anybody could have put something under that name before us.
      if (!found.isDirectory() || found.uid !== 0) continue
      await chmod(base, 0o711)
      if (await canEnter(SERVICE_USER, base)) return base
    } catch {
      // A read-only file system: the next one.
    }
  }
  throw new Error(
    'PostgreSQL cannot run as root, and there is no folder that another user could reach. Start as a normal user, or set DATABASE_URL.',
  )
}
