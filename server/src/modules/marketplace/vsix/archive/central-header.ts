import type { Entry } from 'yauzl'
import { type Findings, shown } from '../findings.ts'
import { readExtraFields, zip64Sizes } from './extra-fields.ts'
import { readName } from './names.ts'

/** What the directory says of an entry. */
export interface CentralHeader {
  name: string
  flags: number
  method: number
  crc32: number
  sizeBytes: number
  packedBytes: number
  headerOffset: number
}

const ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
const PATCH_FLAG = 0x20
const FILE_KIND = 0xf000
const REGULAR = 0x8000
const FOLDER = 0x4000
const LINK = 0xa000
/** A junction or link of Windows. */
const REPARSE_POINT = 0x400

/** @param fixed the 46 bytes before the name, as they lie in the archive */
export function checkCentralHeader(entry: Entry, fixed: Buffer, findings: Findings): CentralHeader {
  const flags = entry.generalPurposeBitFlag
  const method = entry.compressionMethod
  const name = readName(entry.fileNameRaw, flags, findings)
  const file = shown(name)

  if ((flags & ENCRYPTED_FLAGS) !== 0) findings.error('zip-encrypted', 'The entry is encrypted.', { file })
  if ((flags & PATCH_FLAG) !== 0)
    findings.error('zip-method', 'The entry is a patch of another file.', { file })
  if (method !== 0 && method !== 8) {
    findings.error('zip-method', `The entry is packed with method ${method}; stored or deflated is taken.`, {
      file,
    })
  }
  if (fixed.readUInt16LE(34) !== 0) findings.error('zip-format', 'The entry lies on another disk.', { file })
  checkKind(entry.externalFileAttributes, name, file, findings)

  // yauzl has put 64-bit values in where it saw fit: what the header itself says is in its bytes.
  const sizes = zip64Sizes(
    {
      sizeBytes: fixed.readUInt32LE(24),
      packedBytes: fixed.readUInt32LE(20),
      headerOffset: fixed.readUInt32LE(42),
    },
    readExtraFields(entry.extraFieldRaw, file, findings) ?? [],
    file,
    findings,
  )
  const { sizeBytes, packedBytes, headerOffset = 0 } = sizes
  if (method === 0 && sizeBytes !== packedBytes) {
    findings.error('zip-size', 'The entry is stored as it is, with two different sizes.', { file })
  }
  if (name.endsWith('/') && (sizeBytes > 0 || packedBytes > 2)) {
    findings.error('zip-format', 'The entry is a folder and holds data.', { file })
  }
  return { name, flags, method, crc32: entry.crc32, sizeBytes, packedBytes, headerOffset }
}

function checkKind(attributes: number, name: string, file: string, findings: Findings): void {
  const kind = (attributes >>> 16) & FILE_KIND
  if (kind === LINK || (attributes & REPARSE_POINT) !== 0) {
    findings.error('zip-symlink', 'The entry is a link to another file.', { file })
  } else if (kind === FOLDER ? !name.endsWith('/') : kind !== 0 && kind !== REGULAR) {
    findings.error('zip-special-file', 'The entry is neither a file nor a folder.', { file })
  }
}
