import type { Finding } from '@devforge/db'
import { AppError } from '@devforge/server/errors'
import type { RandomAccess } from '@devforge/server/files/types'
import { inspectPackage, openPackage } from '@devforge/server/modules/marketplace/vsix/index'
import type { OpenOptions } from '@devforge/server/modules/marketplace/vsix/open-package'
import { packVsix, type VsixEdits, variantOf } from '../../support/vsix.ts'
import { type ArchiveFields, unzip, type ZipEntry, zipOf } from '../../support/zip.ts'

/** Bytes in memory, read as a file is: anything beyond the end is an error that no reader may provoke. */
export const sourceOf = (bytes: Uint8Array): RandomAccess & { closed: number } => ({
  size: bytes.length,
  closed: 0,
  async read(offset, length) {
    if (offset < 0 || length < 0 || offset + length > bytes.length) throw new Error('storage: out of range')
    return Buffer.from(bytes.subarray(offset, offset + length))
  },
  async close() {
    this.closed++
  },
})

export const open = (bytes: Uint8Array, options?: OpenOptions) => openPackage(sourceOf(bytes), options)

/** What keeps a package from being opened: `rule file`, in the order found. Empty when it opens. */
export async function refusals(bytes: Uint8Array, options?: OpenOptions): Promise<string[]> {
  return (await refusalFindings(bytes, options)).map(({ rule, file }) => (file ? `${rule} ${file}` : rule))
}

export async function refusalFindings(bytes: Uint8Array, options?: OpenOptions): Promise<Finding[]> {
  try {
    const pkg = await open(bytes, options)
    await pkg.close()
    return []
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'VSIX_INVALID') throw error
    return Object(error.details).findings
  }
}

/** A real package with one more entry, and whatever else is to be wrong with the archive. */
export async function archiveWith(entry: ZipEntry, archive?: ArchiveFields): Promise<Buffer> {
  return zipOf([...(await honestEntries()), entry], archive)
}

export async function honestEntries(edits: VsixEdits = {}): Promise<ZipEntry[]> {
  return [...unzip(variantOf(await packVsix(), edits))].map(([name, data]) => ({ name, data }))
}

/** What looking into a real package with these changes finds. */
export async function inspected(edits: VsixEdits, options?: Parameters<typeof inspectPackage>[1]) {
  const pkg = await open(variantOf(await packVsix(), edits))
  try {
    return await inspectPackage(pkg, options)
  } finally {
    await pkg.close()
  }
}

/** `severity rule file:line` */
export const lines = (findings: Finding[]): string[] =>
  findings.map(({ severity, rule, file, line }) =>
    [severity, rule, file && (line ? `${file}:${line}` : file)].filter(Boolean).join(' '),
  )
