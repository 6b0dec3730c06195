import type { LocalFileHeader } from 'yauzl'
import { type Findings, shown } from '../findings.ts'
import type { CentralHeader } from './central-header.ts'
import { readExtraFields, zip64Sizes } from './extra-fields.ts'

const DESCRIPTOR_FLAG = 0x8
/** How well it was packed says nothing; everything else must be alike. */
const COMPRESSION_LEVEL_FLAGS = 0x6

/**
 * Holds the header before the data against the directory: a reader that streams believes the one, a reader that seeks the other.
 * @returns whether sizes and CRC follow the data
 */
export function checkLocalHeader(
  central: CentralHeader,
  local: LocalFileHeader,
  findings: Findings,
): boolean {
  const file = shown(central.name)
  const differs = (what: string) =>
    findings.error('zip-headers', `The header before the file and the directory disagree on ${what}.`, {
      file,
    })

  if (!local.fileName.equals(Buffer.from(central.name))) differs('its name')
  if (local.compressionMethod !== central.method) differs('how it is packed')
  if (((local.generalPurposeBitFlag ^ central.flags) & ~COMPRESSION_LEVEL_FLAGS) !== 0) differs('its flags')

  const { sizeBytes, packedBytes } = zip64Sizes(
    { sizeBytes: local.uncompressedSize, packedBytes: local.compressedSize },
    readExtraFields(local.extraField, file, findings) ?? [],
    file,
    findings,
  )
  const hasDescriptor = (local.generalPurposeBitFlag & DESCRIPTOR_FLAG) !== 0
  const agrees = (here: number, there: number) => here === there || (hasDescriptor && here === 0)
  if (!agrees(local.crc32, central.crc32)) differs('its CRC')
  if (!agrees(sizeBytes, central.sizeBytes) || !agrees(packedBytes, central.packedBytes)) differs('its size')
  return hasDescriptor
}
