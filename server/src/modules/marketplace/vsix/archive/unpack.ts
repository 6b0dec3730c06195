import { Readable } from 'node:stream'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import type { RandomAccess } from '../../../../files/types.ts'
import { invalidPackage, shown } from '../findings.ts'
import type { ArchiveEntry } from './directory.ts'
import { dropped } from './garbage.ts'

const CHUNK_BYTES = 64 * 1024
/** Up to here a file is unpacked in one go: most are, and a stream for each costs more than the work. */
const SMALL_BYTES = 256 * 1024

/**
 * The data of an entry, a chunk at a time.
 * @throws VSIX_INVALID when it is not as long as its header says, has another CRC, or is not deflated data; at the end only, except
 * that never more than the declared size is given
 */
export async function* unpack(source: RandomAccess, entry: ArchiveEntry): AsyncGenerator<Buffer> {
  const lie = (rule: string, message: string, cause?: unknown) =>
    invalidPackage([{ rule, severity: 'error', message, file: shown(entry.name) }], cause)
  let sizeBytes = 0
  let sum = 0
  for await (const chunk of chunksOf(source, entry, lie)) {
    sizeBytes += chunk.length
    if (sizeBytes > entry.sizeBytes) throw lie('zip-size', 'The file is longer than its header says.')
    sum = crc32(chunk, sum)
    yield chunk
    dropped(chunk.length)
  }
  if (sizeBytes < entry.sizeBytes) throw lie('zip-size', 'The file is shorter than its header says.')
  if (sum !== entry.crc32) throw lie('zip-crc', 'The file has another CRC than its header says.')
}

type Lie = (rule: string, message: string, cause?: unknown) => Error

async function* chunksOf(source: RandomAccess, entry: ArchiveEntry, lie: Lie): AsyncGenerator<Buffer> {
  if (entry.method === 0) return yield* packedChunks(source, entry)
  try {
    const isSmall = entry.packedBytes <= SMALL_BYTES && entry.sizeBytes <= SMALL_BYTES
    const takenBytes = isSmall
      ? yield* inflateAtOnce(source, entry, lie)
      : yield* inflateStream(source, entry)
    if (takenBytes !== entry.packedBytes)
      throw lie('zip-data', 'There is data behind the end of the packed file.')
  } catch (error) {
    if (!isFromZlib(error)) throw error
    throw lie('zip-data', 'The packed data of the file is broken.', error)
  }
}

/** @returns how many of the packed bytes were used */
async function* inflateAtOnce(
  source: RandomAccess,
  entry: ArchiveEntry,
  lie: Lie,
): AsyncGenerator<Buffer, number> {
  const packed = await source.read(entry.dataOffset, entry.packedBytes)
  let inflated: unknown
  try {
    // With `info` it also tells how much it has read, which its types do not know.
    inflated = inflateRawSync(packed, { info: true, maxOutputLength: entry.sizeBytes + 1 })
  } catch (error) {
    if (!isTooLong(error)) throw error
    throw lie('zip-size', 'The file is longer than its header says.', error)
  }
  if (!isInflated(inflated)) throw new TypeError('zlib answered something else')
  if (inflated.buffer.length > 0) yield inflated.buffer
  return inflated.engine.bytesWritten
}

async function* inflateStream(source: RandomAccess, entry: ArchiveEntry): AsyncGenerator<Buffer, number> {
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES })
  const packed = Readable.from(packedChunks(source, entry), { objectMode: false, highWaterMark: CHUNK_BYTES })
  packed.on('error', (error) => inflate.destroy(error))
  packed.pipe(inflate)
  try {
    for await (const chunk of inflate) yield chunk
    return inflate.bytesWritten
  } finally {
    packed.destroy()
    inflate.destroy()
  }
}

async function* packedChunks(source: RandomAccess, entry: ArchiveEntry): AsyncGenerator<Buffer> {
  for (let done = 0; done < entry.packedBytes; done += CHUNK_BYTES) {
    yield await source.read(entry.dataOffset + done, Math.min(CHUNK_BYTES, entry.packedBytes - done))
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
const isFromZlib = (error: unknown): boolean => /^Z_[A-Z]+_ERROR$/.test(codeOf(error)) || isTooLong(error)
const isTooLong = (error: unknown): boolean => codeOf(error) === 'ERR_BUFFER_TOO_LARGE'

const isInflated = (value: unknown): value is { buffer: Buffer; engine: { bytesWritten: number } } =>
  typeof value === 'object' && value !== null && 'buffer' in value && 'engine' in value
