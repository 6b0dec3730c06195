import type { RandomAccess } from '../../../../files/types.ts'
import { type Findings, shown } from '../findings.ts'
import type { ArchiveEntry } from './directory.ts'

const DESCRIPTOR_SIGNATURE = 0x08074b50

/**
 * Entries must lie side by side from the first byte to the directory. Overlapping ones are how a small archive unpacks to terabytes
 * (the "better zip bomb"), gaps are where a second archive hides.
 */
export async function checkLayout(
  entries: ArchiveEntry[],
  source: RandomAccess,
  directoryOffset: number,
  findings: Findings,
): Promise<void> {
  const sorted = entries.toSorted((a, b) => a.headerOffset - b.headerOffset)
  const first = sorted[0]?.headerOffset ?? directoryOffset
  if (first !== 0) findings.error('zip-leading-data', 'There is data before the first file of the archive.')

  for (const [index, entry] of sorted.entries()) {
    const file = shown(entry.name)
    const next = sorted[index + 1]?.headerOffset ?? directoryOffset
    const end = entry.dataOffset + entry.packedBytes
    if (next < end) {
      findings.error('zip-overlap', 'The entry lies over what comes after it.', { file })
      continue
    }
    if (entry.hasDescriptor) await checkDescriptor(entry, source, end, next - end, findings)
    else if (next > end) findings.error('zip-gap', 'There is data between this entry and the next.', { file })
  }
}

/** Sizes and CRC behind the data (APPNOTE 4.3.9): 32 or 64 bits, with or without a signature; the room there is tells which. */
async function checkDescriptor(
  entry: ArchiveEntry,
  source: RandomAccess,
  offset: number,
  room: number,
  findings: Findings,
): Promise<void> {
  const file = shown(entry.name)
  if (![12, 16, 20, 24].includes(room)) {
    findings.error('zip-gap', 'What follows the data of this entry is not what has to follow.', { file })
    return
  }
  const bytes = await source.read(offset, room)
  const hasSignature = room === 16 || room === 24
  const at = hasSignature ? 4 : 0
  const isWide = room >= 20
  const packedBytes = isWide ? Number(bytes.readBigUInt64LE(at + 4)) : bytes.readUInt32LE(at + 4)
  const sizeBytes = isWide ? Number(bytes.readBigUInt64LE(at + 12)) : bytes.readUInt32LE(at + 8)
  const agrees =
    (!hasSignature || bytes.readUInt32LE(0) === DESCRIPTOR_SIGNATURE) &&
    bytes.readUInt32LE(at) === entry.crc32 &&
    packedBytes === entry.packedBytes &&
    sizeBytes === entry.sizeBytes
  if (!agrees) {
    findings.error('zip-headers', 'The sizes behind the data and those in the directory disagree.', { file })
  }
}
