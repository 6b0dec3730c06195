import { type Entry, fromRandomAccessReaderPromise } from 'yauzl'
import type { RandomAccess } from '../../../../files/types.ts'
import { type Findings, invalidPackage, shown } from '../findings.ts'
import type { PackageLimits } from '../limits.ts'
import { checkCentralHeader } from './central-header.ts'
import { type EndRecord, readEndRecord } from './end-record.ts'
import { checkLayout } from './layout.ts'
import { checkLocalHeader } from './local-header.ts'
import { createCollisions } from './names.ts'
import { Malformed, SourceReader, windowed } from './source.ts'

const CENTRAL_HEADER_BYTES = 46

/** A file of the archive and where its data lies. */
export interface ArchiveEntry {
  name: string
  /** 0: stored, 8: deflated. */
  method: number
  crc32: number
  /** Unpacked. */
  sizeBytes: number
  packedBytes: number
  headerOffset: number
  dataOffset: number
  /** Sizes and CRC are repeated behind the data. */
  hasDescriptor: boolean
}

/**
 * Reads the directory of an archive and the header before each file, in bounded memory, and holds them against each other: names,
 * sizes, methods, flags, CRCs, and that everything lies side by side with nothing over or between it.
 * @throws VSIX_INVALID with all that was found when the archive cannot be read to its end; other errors are told in `findings` only
 */
export async function readDirectory(
  source: RandomAccess,
  limits: PackageLimits,
  findings: Findings,
): Promise<ArchiveEntry[]> {
  try {
    const end = await readEndRecord(source, findings)
    if (!end) throw invalidPackage(findings.list())
    if (end.entryCount > limits.maxEntries) {
      findings.error(
        'zip-bomb',
        `The package has ${end.entryCount} files; ${limits.maxEntries} are the most.`,
      )
      throw invalidPackage(findings.list())
    }
    const headers = windowed(source)
    const entries = await readHeaders(headers, end, limits, findings)
    await checkLayout(entries, headers, end.directoryOffset, findings)
    return entries
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    if (error.isEncrypted) findings.error('zip-encrypted', 'The archive is encrypted.')
    else
      findings.error('zip-format', 'The archive is broken: a header is not where it has to be, or cut off.')
    throw invalidPackage(findings.list(), error)
  }
}

async function readHeaders(
  headers: RandomAccess,
  end: EndRecord,
  limits: PackageLimits,
  findings: Findings,
): Promise<ArchiveEntry[]> {
  const reader = new SourceReader(headers)
  const zip = await reader.ask(
    fromRandomAccessReaderPromise(reader, headers.size, {
      decodeStrings: false,
      validateEntrySizes: false,
      autoClose: false,
    }),
  )
  const entries: ArchiveEntry[] = []
  const collide = createCollisions(findings)
  const checkSize = createSizeCheck(limits, findings)
  const directory = zip.eachEntry()
  let cursor = end.directoryOffset
  for (;;) {
    const { done, value: entry } = await reader.ask(directory.next())
    if (done) break
    const central = checkCentralHeader(entry, await headers.read(cursor, CENTRAL_HEADER_BYTES), findings)
    cursor += headerBytes(entry)
    collide(central.name)
    checkSize(central)
    // yauzl must look where the checked header says.
    entry.relativeOffsetOfLocalHeader = central.headerOffset
    entry.compressedSize = central.packedBytes
    const local = await reader.ask(zip.readLocalFileHeaderPromise(entry))
    const hasDescriptor = checkLocalHeader(central, local, findings)
    const { name, method, crc32, sizeBytes, packedBytes, headerOffset } = central
    const { fileDataStart: dataOffset } = local
    entries.push({ name, method, crc32, sizeBytes, packedBytes, headerOffset, dataOffset, hasDescriptor })
  }
  if (cursor !== end.directoryOffset + end.directoryBytes) {
    throw new Malformed('the directory has another length than it says')
  }
  return entries
}

const headerBytes = (entry: Entry): number =>
  CENTRAL_HEADER_BYTES + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength

/** What the headers promise, before anything is unpacked; that they keep it is checked while unpacking. */
function createSizeCheck(limits: PackageLimits, findings: Findings) {
  let totalBytes = 0
  let isTold = false
  return ({ name, sizeBytes, packedBytes }: { name: string; sizeBytes: number; packedBytes: number }) => {
    const file = shown(name)
    if (sizeBytes > limits.maxEntryBytes) {
      findings.error(
        'zip-bomb',
        `The file unpacks to ${sizeBytes} bytes; ${limits.maxEntryBytes} are the most.`,
        {
          file,
        },
      )
    } else if (sizeBytes > limits.ratioFloorBytes && sizeBytes > packedBytes * limits.maxRatio) {
      findings.error('zip-bomb', `The file unpacks to more than ${limits.maxRatio} times what it takes.`, {
        file,
      })
    }
    totalBytes += sizeBytes
    if (totalBytes > limits.maxTotalBytes && !isTold) {
      isTold = true
      findings.error('zip-bomb', `The package unpacks to more than ${limits.maxTotalBytes} bytes.`)
    }
  }
}
