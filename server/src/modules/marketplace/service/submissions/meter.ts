import { createHash } from 'node:crypto'
import { AppError } from '../../../../errors.ts'

/** Counts and hashes what passes through. */
export interface Meter {
  /** @throws AppError VSIX_TOO_LARGE with the first byte too many */
  through(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void>
  sizeBytes(): number
  /** Once everything has passed. */
  sha256(): Buffer
}

export function createMeter(limitBytes: number): Meter {
  const hash = createHash('sha256')
  let size = 0
  return {
    async *through(body) {
      for await (const chunk of body) {
        size += chunk.length
        if (size > limitBytes) throw new AppError('VSIX_TOO_LARGE', { limitBytes })
        hash.update(chunk)
        yield chunk
      }
    },
    sizeBytes: () => size,
    sha256: () => hash.digest(),
  }
}
