import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { FSDriver } from 'flydrive/drivers/fs'
import { checkedKey, checkedPrefix, FileMissing } from './keys.ts'
import { relieve } from './relief.ts'
import type { Files, RandomAccess } from './types.ts'

/** Where files grow until they are whole. No key leads here: keys never begin with a dot. */
const PARTIAL = '.partial'

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** Null instead of the error of a missing file. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Folders cannot be opened there; its file systems keep a journal of names. */
const CAN_SYNC_FOLDERS = process.platform !== 'win32'

/**
 * Makes names outlive a power cut, as the bytes do: rows that point to a file are committed after this.
 * @param made the outermost of the folders that are new, if any is: each stands as a name in the one around it
 */
async function syncFolders(innermost: string, made: string | undefined): Promise<void> {
  if (!CAN_SYNC_FOLDERS) return
  const outermost = made === undefined ? innermost : dirname(resolve(made))
  for (let folder = innermost; ; folder = dirname(folder)) {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (folder === outermost || folder === dirname(folder)) return
  }
}

/**
 * Files in a folder. A file appears under its name only once it is whole and on the disk, so that neither a reader nor a power
 * cut ever sees half of one. flydrive's driver does the rest.
 */
export function createDiskFiles(folder: string): Files {
  const root = resolve(folder)
  const driver = new FSDriver({ location: root, visibility: 'private' })
  const pathOf = (key: string): string => join(root, checkedKey(key))

  /** Lets `fill` make a file aside, then gives it its name. */
  async function place(key: string, fill: (path: string) => Promise<void>): Promise<void> {
    const target = pathOf(key)
    const partial = join(root, PARTIAL, randomUUID())
    await mkdir(dirname(partial), { recursive: true })
    try {
      await fill(partial)
      const made = await mkdir(dirname(target), { recursive: true })
      await rename(partial, target)
      await syncFolders(dirname(target), made)
    } finally {
      // Gone by the rename, unless something failed (or both names were links to one file).
      await orNull(unlink(partial))
    }
  }

  async function* bytesOf(body: Uint8Array | string): AsyncGenerator<Uint8Array> {
    yield typeof body === 'string' ? Buffer.from(body) : body
  }

  const files: Files = {
    put: (key, body, options) => files.putStream(key, bytesOf(body), options),
    putStream: (key, body) =>
      place(key, async (path) => {
        const file = await open(path, 'wx', 0o640)
        try {
          for await (const chunk of body) {
            await file.writeFile(chunk)
            relieve(chunk.length)
          }
          await file.datasync()
        } finally {
          await file.close()
        }
      }),
    async read(key) {
      const bytes = await orNull(driver.getBytes(checkedKey(key)))
      return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    },
    async stream(key, range): Promise<Readable> {
      const file = await orNull(open(pathOf(key), 'r'))
      if (!file) throw new FileMissing(key)
      const stream = createReadStream('', { fd: file, ...range })
      stream.on('data', (chunk) => relieve(chunk.length))
      stream.pause()
      return stream
    },
    async open(key) {
      const path = pathOf(key)
      const file = await orNull(open(path, 'r'))
      if (!file) throw new FileMissing(key)
      const { size } = await file.stat()
      const access: RandomAccess = {
        size,
        async read(offset, length) {
          const bytes = Buffer.allocUnsafe(length)
          for (let done = 0; done < length; ) {
            const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
            if (bytesRead === 0) throw new RangeError(`${key} ends before ${offset + length}`)
            done += bytesRead
          }
          relieve(length)
          return bytes
        },
        close: () => file.close(),
      }
      return access
    },
    async size(key) {
      const found = await orNull(stat(pathOf(key)))
      return found?.isFile() ? found.size : null
    },
    async copy(from, to) {
      const source = pathOf(from)
      await place(to, async (path) => {
        try {
          // Files are never written to again, so a second name will do: no byte is moved.
          await link(source, path)
        } catch (error) {
          if (isMissing(error)) throw new FileMissing(from, { cause: error })
          await copyFile(source, path)
          const file = await open(path, 'r+')
          await file.datasync().finally(() => file.close())
        }
      })
    },
    delete: (key) => driver.delete(checkedKey(key)),
    deleteAll: (prefix) => driver.deleteAll(checkedPrefix(prefix)),
    async *list(prefix) {
      const { objects } = await driver.listAll(checkedPrefix(prefix), { recursive: true })
      for (const found of objects) {
        if (!found.isFile) continue
        const metadata = await orNull(found.getMetaData())
        if (metadata) yield { key: found.key, modifiedAt: metadata.lastModified }
      }
    },
    signedUrl: async () => null,
    async sweepPartial(before) {
      const names = (await orNull(readdir(join(root, PARTIAL)))) ?? []
      let swept = 0
      for (const name of names) {
        const path = join(root, PARTIAL, name)
        const found = await orNull(stat(path))
        if (!found || found.mtime >= before) continue
        await orNull(unlink(path))
        swept++
      }
      return swept
    },
  }
  return files
}
