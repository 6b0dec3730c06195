import { execFile } from 'node:child_process'
import { lchown, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Identity } from './place.ts'
import { errorCode } from './processes.ts'

/** Gives a folder and everything in it to a user. */
export async function chownTree(folder: string, user: Identity): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) {
    await lchown(path.join(folder, entry), user.uid, user.gid)
  }
  await lchown(folder, user.uid, user.gid)
}

/** Moves a file or folder, also to another file system; `to` appears only when it is whole. Owners and modes stay. */
export async function moveTree(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error
    const near = `${to}.new`
    await rm(near, { recursive: true, force: true })
    // fs.cp would make everything root's.
    await promisify(execFile)('cp', ['-a', from, near])
    await rename(near, to)
    await rm(from, { recursive: true, force: true })
  }
}
