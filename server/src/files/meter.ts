import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'

/** How large something may be, and what is answered when it is larger. */
export interface SizeLimit {
  limitBytes: number
  code: 'VSIX_TOO_LARGE' | 'PAYLOAD_TOO_LARGE'
}

/** Counts and hashes what passes through. */
export interface Meter {
  /** @throws AppError with the first byte too many */
  through(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void>
  sizeBytes(): number
  /** Once everything has passed. */
  sha256(): Buffer
}

export function createMeter({ limitBytes, code }: SizeLimit): Meter {
  const hash = createHash('sha256')
  let size = 0
  return {
    async *through(body) {
      for await (const chunk of body) {
        size += chunk.length
        if (size > limitBytes) throw new AppError(code, { limitBytes })
        hash.update(chunk)
        yield chunk
      }
    },
    sizeBytes: () => size,
    sha256: () => hash.digest(),
  }
}
