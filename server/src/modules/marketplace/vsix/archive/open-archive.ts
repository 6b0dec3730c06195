import { setImmediate as nextTick } from 'node:timers/promises'
import type { RandomAccess } from '../../../../files/types.ts'
import { createFindings, type Findings, invalidPackage, shown } from '../findings.ts'
import { defaultLimits, type PackageLimits } from '../limits.ts'
import type { Archive, PackageEntry } from '../types.ts'
import { type ArchiveEntry, readDirectory } from './directory.ts'
import { unpack } from './unpack.ts'

/** After so many unpacked bytes others may use the processor. */
const BREATH_BYTES = 4 * 1024 * 1024

/**
 * Opens an archive that was checked when it came, such as a published package, to read a file or two: looks at its directory only.
 * @throws VSIX_INVALID when it is none after all
 */
export async function openArchive(source: RandomAccess): Promise<Archive> {
  const findings = createFindings()
  const entries = await readDirectory(source, defaultLimits, findings)
  if (findings.hasErrors) throw invalidPackage(findings.list())
  return archiveOf(source, entries)
}

/**
 * Opens an archive by a stranger. Structural errors are told in `findings`; as long as there are any, do not read its files.
 * @throws VSIX_INVALID when it cannot be read to its end
 */
export async function openStrangeArchive(
  source: RandomAccess,
  limits: PackageLimits,
  findings: Findings,
): Promise<Archive> {
  return archiveOf(source, await readDirectory(source, limits, findings))
}

function archiveOf(source: RandomAccess, all: ArchiveEntry[]): Archive {
  const files = new Map(all.filter(({ name }) => !name.endsWith('/')).map((entry) => [entry.name, entry]))
  const find = (name: string): ArchiveEntry => {
    const entry = files.get(name)
    if (!entry) throw refusal('file-missing', 'The package has no such file.', name)
    return entry
  }
  return {
    entries: [...files.values()],
    entry: (name): PackageEntry | undefined => files.get(name),
    async readEntry(name, maxBytes) {
      const entry = find(name)
      if (entry.sizeBytes > maxBytes) {
        throw refusal(
          'file-too-large',
          `The file has ${entry.sizeBytes} bytes; ${maxBytes} are the most.`,
          name,
        )
      }
      const chunks: Buffer[] = []
      for await (const chunk of unpack(source, entry)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    streamEntry: (name) => unpack(source, find(name)),
    close: () => source.close(),
  }
}

const refusal = (rule: string, message: string, name: string) =>
  invalidPackage([{ rule, severity: 'error', message, file: shown(name) }])

/** Unpacks every file once and throws the bytes away: sizes and CRCs that lie are found before anybody trusts one of them. */
export async function checkData(archive: Archive, findings: Findings): Promise<void> {
  let unpackedBytes = 0
  for (const { name, sizeBytes } of archive.entries) {
    try {
      for await (const _ of archive.streamEntry(name));
    } catch (error) {
      findings.absorb(error)
    }
    unpackedBytes += sizeBytes
    if (unpackedBytes > BREATH_BYTES) {
      unpackedBytes = 0
      await nextTick()
    }
  }
}
