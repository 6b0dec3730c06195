import { inflateRawSync } from 'node:zlib'

/** A file of an archive, as its directory lists it. */
export interface ZipEntry {
  name: string
  method: number
  packedBytes: number
  sizeBytes: number
  headerAt: number
}

/** The archive cannot be read, or not by this reader. */
export class ZipError extends Error {}

const END = 0x06054b50
const DIRECTORY = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
const LONGEST_COMMENT = 65_535
const ENTRY_BYTES = 46
const LOCAL_BYTES = 30
const STORED = 0
const DEFLATED = 8

const bytesOf = async (blob: Blob, from: number, to: number): Promise<DataView> =>
  new DataView(await blob.slice(from, to).arrayBuffer())

const textOf = (view: DataView, at: number, length: number): string =>
  new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, length))

/** Lists an archive by its directory (APPNOTE 4.3.12). Reads nothing else of it. @throws ZipError */
export async function listEntries(blob: Blob): Promise<ZipEntry[]> {
  const tailAt = Math.max(0, blob.size - END_BYTES - LONGEST_COMMENT)
  const tail = await bytesOf(blob, tailAt, blob.size)
  let end = tail.byteLength - END_BYTES
  while (end >= 0 && tail.getUint32(end, true) !== END) end--
  if (end < 0) throw new ZipError('This is not a ZIP archive, or its end is missing.')
  const size = tail.getUint32(end + 12, true)
  const at = tail.getUint32(end + 16, true)
  if (at + size > tailAt + end) throw new ZipError('The archive is broken: its directory is cut off.')
  const directory = await bytesOf(blob, at, at + size)
  const entries: ZipEntry[] = []
  for (let next = 0; next < size; ) {
    if (next + ENTRY_BYTES > size || directory.getUint32(next, true) !== DIRECTORY) {
      throw new ZipError('The archive is broken: its directory cannot be read.')
    }
    const nameLength = directory.getUint16(next + 28, true)
    const rest = directory.getUint16(next + 30, true) + directory.getUint16(next + 32, true)
    if (next + ENTRY_BYTES + nameLength + rest > size) {
      throw new ZipError('The archive is broken: its directory is cut off.')
    }
    entries.push({
      name: textOf(directory, next + ENTRY_BYTES, nameLength),
      method: directory.getUint16(next + 10, true),
      packedBytes: directory.getUint32(next + 20, true),
      sizeBytes: directory.getUint32(next + 24, true),
      headerAt: directory.getUint32(next + 42, true),
    })
    next += ENTRY_BYTES + nameLength + rest
  }
  return entries
}

/** A file of the archive, of at most `maxBytes`. @throws ZipError */
export async function readEntry(blob: Blob, entry: ZipEntry, maxBytes: number): Promise<Uint8Array> {
  if (entry.sizeBytes > maxBytes) throw new ZipError(`${entry.name} is larger than ${maxBytes} bytes.`)
  const header = await bytesOf(blob, entry.headerAt, entry.headerAt + LOCAL_BYTES)
  if (header.byteLength < LOCAL_BYTES || header.getUint32(0, true) !== LOCAL) {
    throw new ZipError(`The archive is broken: ${entry.name} is not where it should be.`)
  }
  const at = entry.headerAt + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true)
  const packed = new Uint8Array(await blob.slice(at, at + entry.packedBytes).arrayBuffer())
  if (entry.method === STORED) return packed
  if (entry.method !== DEFLATED) throw new ZipError(`${entry.name} is packed in an unknown way.`)
  try {
    return inflateRawSync(packed, { maxOutputLength: maxBytes })
  } catch (error) {
    throw new ZipError(`${entry.name} cannot be unpacked.`, { cause: error })
  }
}
