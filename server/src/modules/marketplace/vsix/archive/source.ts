import { RandomAccessReader } from 'yauzl'
import type { RandomAccess } from '../../../../files/types.ts'

const WINDOW_BYTES = 64 * 1024
/** One for the directory, one for the headers between the files. */
const WINDOWS = 2

/** The archive is broken in a way that ends the reading. */
export class Malformed extends Error {
  /** yauzl reads no further when it meets "strong encryption", and has nothing but a message to say so. */
  get isEncrypted(): boolean {
    return this.cause instanceof Error && this.cause.message.startsWith('strong encryption')
  }
}

/** Headers lie close together: they are read a window at a time. */
export function windowed(source: RandomAccess): RandomAccess {
  /** Oldest first. */
  const windows: { start: number; bytes: Buffer }[] = []
  return {
    size: source.size,
    async read(offset, length) {
      assertWithin(source.size, offset, length)
      const known = windows.findIndex(
        ({ start, bytes }) => offset >= start && offset + length <= start + bytes.length,
      )
      const window = windows.splice(known, known < 0 ? 0 : 1)[0] ?? {
        start: offset,
        bytes: await source.read(offset, Math.min(Math.max(length, WINDOW_BYTES), source.size - offset)),
      }
      windows.push(window)
      if (windows.length > WINDOWS) windows.shift()
      return window.bytes.subarray(offset - window.start, offset - window.start + length)
    },
    close: () => source.close(),
  }
}

/** @throws Malformed also for numbers that are none: they were read from the archive */
function assertWithin(size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && Number.isSafeInteger(offset + length) && offset + length <= size) return
  throw new Malformed(`bytes ${offset} to ${offset + length} of ${size}`)
}

/** What yauzl reads through. A storage that fails must not look like a package that is broken: its error is kept aside. */
export class SourceReader extends RandomAccessReader {
  readonly #source: RandomAccess
  #failure: { error: unknown } | undefined

  constructor(source: RandomAccess) {
    super()
    this.#source = source
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    // yauzl looks at the number of bytes, which its types do not tell of.
    const answer: (error: Error | null, bytesRead: number) => void = callback
    this.#source.read(position, length).then(
      (bytes) => answer(null, bytes.copy(buffer, offset)),
      (error: unknown) => {
        if (!(error instanceof Malformed)) this.#failure ??= { error }
        answer(error instanceof Error ? error : new Error('read failed', { cause: error }), 0)
      },
    )
  }

  /** What yauzl answers; what it complains of is the archive's fault unless the storage failed. */
  async ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (this.#failure) throw this.#failure.error
      throw new Malformed('unreadable', { cause: error })
    }
  }
}
