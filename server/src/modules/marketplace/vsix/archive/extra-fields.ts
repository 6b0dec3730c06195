import { type ExtraField, parseExtraFields } from 'yauzl'
import type { Findings } from '../findings.ts'

const ZIP64_FIELD = 0x0001
const MAX_32 = 0xffff_ffff

/**
 * Extra fields that make another file of an entry: another name (0x7075), encryption (0x0017, 0x9901), a link (0x000d and 0x756e
 * can hold where it points to). The rest tells times and owners (0x5455, 0x7875, 0x000a) or pads.
 */
const MEANINGFUL = new Map([
  [0x000d, 'Unix attributes with a link'],
  [0x0017, 'encryption'],
  [0x7075, 'another name'],
  [0x756e, 'Unix attributes with a link'],
  [0x9901, 'encryption'],
])

/** @returns null when they are no extra fields at all */
export function readExtraFields(raw: Buffer, file: string, findings: Findings): ExtraField[] | null {
  let fields: ExtraField[]
  try {
    fields = parseExtraFields(raw)
  } catch {
    findings.error('zip-extra-field', 'The extra fields of a header are cut off.', { file })
    return null
  }
  for (const { id } of fields) {
    const meaning = MEANINGFUL.get(id)
    if (meaning === undefined) continue
    const message = `A header carries extra field 0x${id.toString(16).padStart(4, '0')} (${meaning}).`
    findings.error('zip-extra-field', message, { file })
  }
  return fields
}

/** Numbers of a header in the order in which ZIP64 extends them. */
export interface Sizes {
  sizeBytes: number
  packedBytes: number
  headerOffset?: number
}

/**
 * The numbers of a header with their 64-bit values put in (APPNOTE 4.5.3). Some readers take these values always, others only
 * where the 32-bit field is full: both must see the same.
 */
export function zip64Sizes(sizes: Sizes, fields: ExtraField[], file: string, findings: Findings): Sizes {
  const own = fields.filter(({ id }) => id === ZIP64_FIELD)
  const [field] = own
  const full = [sizes.sizeBytes, sizes.packedBytes, sizes.headerOffset].map((value) => value === MAX_32)
  const needed = full.filter(Boolean).length
  if (!field && needed === 0) return sizes
  // Writers may append the number of the disk.
  const lengths = [needed * 8, needed * 8 + 4]
  if (!field || own.length > 1 || !lengths.includes(field.data.length)) {
    findings.error(
      'zip-zip64',
      'The 64-bit sizes of a header are missing, or there where they mean nothing.',
      {
        file,
      },
    )
    return sizes
  }
  let at = 0
  const next = () => Number(field.data.readBigUInt64LE(8 * at++))
  const [sizeIsFull, packedIsFull, offsetIsFull] = full
  return {
    sizeBytes: sizeIsFull ? next() : sizes.sizeBytes,
    packedBytes: packedIsFull ? next() : sizes.packedBytes,
    headerOffset: offsetIsFull ? next() : sizes.headerOffset,
  }
}
