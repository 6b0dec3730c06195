import { relieve } from './relief.ts'
import type { RandomAccess } from './types.ts'

const BLOCK_BYTES = 1024 * 1024
/** An archive is read at its end (the directory) and then from its start: a few blocks catch nearly all. */
const BLOCKS = 4

/**
 * Random access where each read is a request over the network: fetches whole blocks and keeps the last few.
 * @param fetchRange both ends inclusive
 */
export function createBlockReader(
  size: number,
  fetchRange: (start: number, end: number) => Promise<Buffer>,
): RandomAccess {
  /** Oldest first. */
  const blocks = new Map<number, Promise<Buffer>>()

  function block(index: number): Promise<Buffer> {
    const start = index * BLOCK_BYTES
    const known = blocks.get(index)
    const found = known ?? fetchRange(start, Math.min(start + BLOCK_BYTES, size) - 1)
    // A failed request must not be remembered.
    if (!known) found.catch(() => blocks.delete(index))
    blocks.delete(index)
    blocks.set(index, found)
    const [oldest] = blocks.keys()
    if (blocks.size > BLOCKS && oldest !== undefined) blocks.delete(oldest)
    return found
  }

  return {
    size,
    async read(offset, length) {
      if (offset < 0 || offset + length > size)
        throw new RangeError(`the file ends before ${offset + length}`)
      const bytes = Buffer.allocUnsafe(length)
      for (let done = 0; done < length; ) {
        const at = offset + done
        const found = await block(Math.floor(at / BLOCK_BYTES))
        const copied = found.copy(bytes, done, at % BLOCK_BYTES)
        if (copied === 0) throw new RangeError('the file became shorter')
        done += copied
      }
      relieve(length)
      return bytes
    },
    async close() {
      blocks.clear()
    },
  }
}
