import type { RandomAccess } from '../../../../files/types.ts'
import type { Findings } from '../findings.ts'

const END_BYTES = 22
const LOCATOR_BYTES = 20
const RECORD_BYTES = 56
const MAX_COMMENT_BYTES = 65_535
const END_SIGNATURE = Buffer.from([0x50, 0x4b, 5, 6])
const LOCATOR_SIGNATURE = 0x07064b50
const RECORD_SIGNATURE = 0x06064b50

/** Where the directory of an archive lies and what it claims to hold. */
export interface EndRecord {
  entryCount: number
  directoryOffset: number
  directoryBytes: number
}

interface Claims extends EndRecord {
  entryCountOnDisk: number
  disk: number
  directoryDisk: number
}

/**
 * Reads the end of an archive (APPNOTE 4.3.14–16). Readers differ in how they look for it, which is how one file becomes two
 * archives: here the directory must end exactly where the end record starts, and the file where its comment ends.
 * @returns null when there is no use in reading on; findings say why
 */
export async function readEndRecord(source: RandomAccess, findings: Findings): Promise<EndRecord | null> {
  const tailBytes = Math.min(source.size, RECORD_BYTES + LOCATOR_BYTES + END_BYTES + MAX_COMMENT_BYTES)
  const tail = await source.read(source.size - tailBytes, tailBytes)
  const tailOffset = source.size - tailBytes
  const at = tail.lastIndexOf(END_SIGNATURE)
  if (at < 0 || at + END_BYTES > tail.length) {
    findings.error('zip-format', 'This is not a ZIP archive, or its end is missing.')
    return null
  }
  const commentBytes = tail.readUInt16LE(at + 20)
  if (at + END_BYTES + commentBytes !== tail.length) {
    findings.error('zip-trailing-data', 'There is data after the end of the archive.')
    return null
  }
  const old: Claims = {
    disk: tail.readUInt16LE(at + 4),
    directoryDisk: tail.readUInt16LE(at + 6),
    entryCountOnDisk: tail.readUInt16LE(at + 8),
    entryCount: tail.readUInt16LE(at + 10),
    directoryBytes: tail.readUInt32LE(at + 12),
    directoryOffset: tail.readUInt32LE(at + 16),
  }
  const is64 = at >= LOCATOR_BYTES && tail.readUInt32LE(at - LOCATOR_BYTES) === LOCATOR_SIGNATURE
  const claims = is64 ? readZip64(tail, at, tailOffset, old, findings) : old
  if (!claims) return null

  if (claims.disk !== 0 || claims.directoryDisk !== 0 || claims.entryCountOnDisk !== claims.entryCount) {
    findings.error('zip-format', 'The archive claims to be one of several disks.')
    return null
  }
  const directoryEnd = tailOffset + at - (is64 ? LOCATOR_BYTES + RECORD_BYTES : 0)
  if (claims.directoryOffset + claims.directoryBytes !== directoryEnd) {
    findings.error(
      'zip-trailing-data',
      'The directory of the archive does not end where the end record starts: there is data before or behind it.',
    )
    return null
  }
  return claims
}

/** The 64-bit record must lie right before its locator, and agree with every number that fits into the old one. */
function readZip64(
  tail: Buffer,
  at: number,
  tailOffset: number,
  old: Claims,
  findings: Findings,
): Claims | null {
  const lie = (message: string) => {
    findings.error('zip-zip64', message)
    return null
  }
  const locator = at - LOCATOR_BYTES
  const record = locator - RECORD_BYTES
  if (record < 0 || tail.readUInt32LE(record) !== RECORD_SIGNATURE) {
    return lie('The ZIP64 end record is not where it has to be.')
  }
  const claims: Claims = {
    disk: tail.readUInt32LE(record + 16),
    directoryDisk: tail.readUInt32LE(record + 20),
    entryCountOnDisk: Number(tail.readBigUInt64LE(record + 24)),
    entryCount: Number(tail.readBigUInt64LE(record + 32)),
    directoryBytes: Number(tail.readBigUInt64LE(record + 40)),
    directoryOffset: Number(tail.readBigUInt64LE(record + 48)),
  }
  const place = Number(tail.readBigUInt64LE(locator + 8))
  const disks = tail.readUInt32LE(locator + 16)
  if (place !== tailOffset + record || tail.readUInt32LE(locator + 4) !== 0 || disks > 1) {
    return lie('The ZIP64 locator points somewhere else than to the record before it.')
  }
  if (Number(tail.readBigUInt64LE(record + 4)) !== RECORD_BYTES - 12) {
    return lie('The ZIP64 end record has another size than it says.')
  }
  const agrees =
    fits(old.disk, claims.disk, 0xffff) &&
    fits(old.directoryDisk, claims.directoryDisk, 0xffff) &&
    fits(old.entryCountOnDisk, claims.entryCountOnDisk, 0xffff) &&
    fits(old.entryCount, claims.entryCount, 0xffff) &&
    fits(old.directoryBytes, claims.directoryBytes, 0xffff_ffff) &&
    fits(old.directoryOffset, claims.directoryOffset, 0xffff_ffff)
  if (!agrees) return lie('The ZIP64 end record and the old one say different things.')
  return claims
}

/** `max` in the old field means: look into the new one. */
const fits = (old: number, wide: number, max: number): boolean => old === max || old === wide
