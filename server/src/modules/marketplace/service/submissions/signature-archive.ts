import { crc32, deflateRawSync } from 'node:zlib'

interface Entry {
  name: string
  data: Buffer
}

const DEFLATED = 8
const VERSION_NEEDED = 20
/** 1980-01-01: archives of the same contents are the same bytes. */
const DOS_DATE = 0x21
const UTF8_NAMES = 0x800

/** A ZIP archive of a few small files in memory (APPNOTE 6.3, no extensions). */
export function zip(entries: Entry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, data } of entries) {
    const packed = deflateRawSync(data)
    const nameBytes = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(VERSION_NEEDED, 0)
    common.writeUInt16LE(UTF8_NAMES, 2)
    common.writeUInt16LE(DEFLATED, 4)
    common.writeUInt16LE(DOS_DATE, 8)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, nameBytes, packed])
    // Comment, disk, attributes: none; then where the file begins.
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([VERSION_NEEDED, 0]), common, rest, nameBytes)
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end])
}

/**
 * The signature as Open VSX makes it, and `ovsx verify-signature` and VS Code-based editors take it: the raw Ed25519 signature over
 * the package, a manifest of its digests, and an empty PKCS#7 file, which editors only look for.
 */
export function signatureArchive({
  signature,
  sha256,
  sizeBytes,
  digests,
}: {
  signature: Buffer
  sha256: Buffer
  sizeBytes: number
  digests: ReadonlyMap<string, { sizeBytes: number; sha256: Buffer }>
}): Buffer {
  const digestsOf = (bytes: Buffer) => ({ sha256: bytes.toString('base64') })
  const manifest = {
    package: { size: sizeBytes, digests: digestsOf(sha256) },
    entries: Object.fromEntries(
      [...digests].map(([name, entry]) => [
        Buffer.from(name).toString('base64'),
        { size: entry.sizeBytes, digests: digestsOf(entry.sha256) },
      ]),
    ),
  }
  return zip([
    { name: '.signature.sig', data: signature },
    { name: '.signature.manifest', data: Buffer.from(JSON.stringify(manifest)) },
    { name: '.signature.p7s', data: Buffer.alloc(0) },
  ])
}
