import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

/** What a header says of an entry. Whatever is left out is the truth. */
interface HeaderFields {
  name?: string | Uint8Array
  versionNeeded?: number
  flags?: number
  method?: number
  time?: number
  date?: number
  crc32?: number
  compressedSize?: number
  uncompressedSize?: number
  /** Extra fields, already encoded: see {@link extraField}. */
  extra?: Uint8Array
}

interface CentralFields extends HeaderFields {
  versionMadeBy?: number
  /** The upper half is the Unix mode: `0o120777 * 65536` is a symbolic link. */
  externalAttributes?: number
  localOffset?: number
  diskNumber?: number
  comment?: Uint8Array
  signature?: number
}

export interface ZipEntry {
  name: string | Uint8Array
  data?: string | Uint8Array
  /** 8 deflates, 0 stores. */
  method?: number
  /** Both headers; 0x800 (the name is UTF-8) unless told. */
  flags?: number
  /** What lies in the archive in place of the (deflated) data. */
  raw?: Uint8Array
  /** Lies of the local header. */
  local?: HeaderFields & { signature?: number }
  /** Lies of the central directory. */
  central?: CentralFields
  /** Sizes and CRC follow the data, as streaming writers do it; flag 8 is set and the local header says 0. */
  descriptor?:
    | true
    | { signature?: boolean; crc32?: number; compressedSize?: number; uncompressedSize?: number }
  /** Bytes between this entry's data (and descriptor) and what comes next. */
  gap?: Uint8Array
  /** Only in the central directory: nothing is written where its data should be. */
  ghost?: true
}

export interface ArchiveFields {
  /** Bytes before the first entry; offsets count them in unless `prefixUncounted`. */
  prefix?: Uint8Array
  prefixUncounted?: true
  suffix?: Uint8Array
  comment?: Uint8Array
  entryCount?: number
  entryCountOnDisk?: number
  diskNumber?: number
  centralSize?: number
  centralOffset?: number
  /** Writes the records of ZIP64, and 0xffff… in the old one. */
  zip64?:
    | true
    | {
        entryCount?: bigint
        centralSize?: bigint
        centralOffset?: bigint
        recordOffset?: bigint
        keepOld?: true
      }
}

const bytesOf = (value: string | Uint8Array): Buffer =>
  typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value)

/** One extra field: id, length, data. */
export const extraField = (id: number, data: Uint8Array): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(data.length, 2)
  return Buffer.concat([head, data])
}

interface Written {
  name: Buffer
  extra: Buffer
  fields: Required<
    Pick<
      HeaderFields,
      'versionNeeded' | 'flags' | 'method' | 'time' | 'date' | 'crc32' | 'compressedSize' | 'uncompressedSize'
    >
  >
}

const headerBody = ({ name, extra, fields }: Written): Buffer => {
  const body = Buffer.alloc(26)
  body.writeUInt16LE(fields.versionNeeded, 0)
  body.writeUInt16LE(fields.flags, 2)
  body.writeUInt16LE(fields.method, 4)
  body.writeUInt16LE(fields.time, 6)
  body.writeUInt16LE(fields.date, 8)
  body.writeUInt32LE(fields.crc32, 10)
  body.writeUInt32LE(fields.compressedSize, 14)
  body.writeUInt32LE(fields.uncompressedSize, 18)
  body.writeUInt16LE(name.length, 22)
  body.writeUInt16LE(extra.length, 24)
  return body
}

const written = (truth: Required<HeaderFields>, lies: HeaderFields = {}): Written => {
  const { name, extra, ...fields } = { ...truth, ...lies }
  return { name: bytesOf(name), extra: bytesOf(extra), fields }
}

/**
 * A ZIP archive, honest by default, that can be made to lie in every field: headers that disagree, sizes that are not so, entries
 * that lie over each other, bytes where none should be. For the tests of the reader, and to rewrite packages quickly.
 */
export const zipOf = (entries: ZipEntry[], archive: ArchiveFields = {}): Buffer => {
  const parts: Buffer[] = []
  let offset = 0
  const push = (...buffers: Buffer[]) => {
    for (const buffer of buffers) {
      parts.push(buffer)
      offset += buffer.length
    }
  }
  if (archive.prefix) push(bytesOf(archive.prefix))
  const shift = archive.prefix && archive.prefixUncounted ? archive.prefix.length : 0

  const centrals: Buffer[] = []
  for (const entry of entries) {
    const data = bytesOf(entry.data ?? '')
    const method = entry.method ?? 8
    const raw = entry.raw ? bytesOf(entry.raw) : method === 8 ? deflateRawSync(data) : data
    const truth: Required<HeaderFields> = {
      name: entry.name,
      versionNeeded: 20,
      flags: (entry.flags ?? 0x800) | (entry.descriptor ? 8 : 0),
      method,
      time: 0,
      date: 0x5821,
      crc32: crc32(data),
      compressedSize: raw.length,
      uncompressedSize: data.length,
      extra: new Uint8Array(0),
    }
    const localOffset = offset - shift
    if (!entry.ghost) {
      const open = entry.descriptor ? { crc32: 0, compressedSize: 0, uncompressedSize: 0 } : {}
      const { signature = 0x04034b50, ...lies } = entry.local ?? {}
      const local = written(truth, { ...open, ...lies })
      const mark = Buffer.alloc(4)
      mark.writeUInt32LE(signature)
      push(mark, headerBody(local), local.name, local.extra, raw)
      if (entry.descriptor) push(descriptorOf(truth, entry.descriptor === true ? {} : entry.descriptor))
    }
    if (entry.gap) push(bytesOf(entry.gap))
    centrals.push(centralOf(truth, localOffset, entry.central))
  }

  const centralOffset = offset - shift
  push(...centrals)
  const central = { offset: centralOffset, size: offset - shift - centralOffset, count: entries.length }
  push(...endOf(central, offset - shift, archive))
  if (archive.suffix) push(bytesOf(archive.suffix))
  return Buffer.concat(parts)
}

const descriptorOf = (
  truth: Required<HeaderFields>,
  lies: Exclude<ZipEntry['descriptor'], true | undefined>,
): Buffer => {
  const descriptor = Buffer.alloc(16)
  descriptor.writeUInt32LE(0x08074b50, 0)
  descriptor.writeUInt32LE(lies.crc32 ?? truth.crc32, 4)
  descriptor.writeUInt32LE(lies.compressedSize ?? truth.compressedSize, 8)
  descriptor.writeUInt32LE(lies.uncompressedSize ?? truth.uncompressedSize, 12)
  return lies.signature === false ? descriptor.subarray(4) : descriptor
}

const centralOf = (truth: Required<HeaderFields>, offset: number, lies: CentralFields = {}): Buffer => {
  const { versionMadeBy, externalAttributes, localOffset, diskNumber, comment, signature, ...fields } = lies
  const header = written(truth, fields)
  const note = bytesOf(comment ?? '')
  const head = Buffer.alloc(6)
  head.writeUInt32LE(signature ?? 0x02014b50, 0)
  // Made on Unix, so that the external attributes hold a mode.
  head.writeUInt16LE(versionMadeBy ?? 0x031e, 4)
  const tail = Buffer.alloc(14)
  tail.writeUInt16LE(note.length, 0)
  tail.writeUInt16LE(diskNumber ?? 0, 2)
  tail.writeUInt32LE(externalAttributes ?? 0o100644 * 65_536, 6)
  tail.writeUInt32LE(localOffset ?? offset, 10)
  return Buffer.concat([head, headerBody(header), tail, header.name, header.extra, note])
}

const endOf = (
  central: { offset: number; size: number; count: number },
  at: number,
  archive: ArchiveFields,
): Buffer[] => {
  const comment = bytesOf(archive.comment ?? '')
  const end = Buffer.alloc(22)
  const old = archive.zip64 && !(archive.zip64 !== true && archive.zip64.keepOld)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(archive.diskNumber ?? 0, 4)
  end.writeUInt16LE(archive.entryCountOnDisk ?? archive.entryCount ?? (old ? 0xffff : central.count), 8)
  end.writeUInt16LE(archive.entryCount ?? (old ? 0xffff : central.count), 10)
  end.writeUInt32LE(archive.centralSize ?? (old ? 0xffffffff : central.size), 12)
  end.writeUInt32LE(archive.centralOffset ?? (old ? 0xffffffff : central.offset), 16)
  end.writeUInt16LE(comment.length, 20)
  if (!archive.zip64) return [end, comment]

  const lies = archive.zip64 === true ? {} : archive.zip64
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeUInt16LE(45, 12)
  record.writeUInt16LE(45, 14)
  record.writeBigUInt64LE(lies.entryCount ?? BigInt(central.count), 24)
  record.writeBigUInt64LE(lies.entryCount ?? BigInt(central.count), 32)
  record.writeBigUInt64LE(lies.centralSize ?? BigInt(central.size), 40)
  record.writeBigUInt64LE(lies.centralOffset ?? BigInt(central.offset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(lies.recordOffset ?? BigInt(at), 8)
  locator.writeUInt32LE(1, 16)
  return [record, locator, end, comment]
}

/** Names and contents of an honest archive, in its order. For files the tests made; the server's reader is another. */
export const unzip = (archive: Uint8Array): Map<string, Buffer> => {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength)
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const files = new Map<string, Buffer>()
  let at = bytes.readUInt32LE(end + 16)
  for (let index = 0; index < bytes.readUInt16LE(end + 10); index++) {
    const nameLength = bytes.readUInt16LE(at + 28)
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    const local = bytes.readUInt32LE(at + 42)
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const raw = bytes.subarray(start, start + bytes.readUInt32LE(at + 20))
    files.set(name, bytes.readUInt16LE(at + 10) === 8 ? inflateRawSync(raw) : Buffer.from(raw))
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return files
}
