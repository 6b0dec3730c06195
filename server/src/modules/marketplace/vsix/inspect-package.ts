import { StringDecoder } from 'node:string_decoder'
import { setImmediate as nextTick } from 'node:timers/promises'
import type { Finding } from '@devforge/db'
import { fileSorter, type InspectedFile } from './checks/files.ts'
import { hiddenCodeCheck } from './checks/hidden-code.ts'
import { checkIcon, checkImage, isImage } from './checks/images.ts'
import { checkMarkdown } from './checks/markdown.ts'
import { checkSecretFile } from './checks/secret-files.ts'
import { ownTokensInBytes, secretCheck } from './checks/secrets.ts'
import { svgCheck } from './checks/svg.ts'
import { textWindows } from './checks/windows.ts'
import { createFindings, type Findings } from './findings.ts'
import { defaultLimits } from './limits.ts'
import type { PackageEntry, VsixPackage } from './types.ts'

const MIB = 1024 * 1024

export interface InspectOptions {
  /** Asked between the files and the windows of a file: when it is aborted, its reason is thrown. */
  signal?: AbortSignal
  /** Text that is searched of one file and of all; the rest is told as not read, for a person to decide. */
  maxFileTextBytes?: number
  maxTextBytes?: number
}

export interface Inspection {
  findings: Finding[]
  /** Our own API tokens that lie open in the package: revoke them. */
  leakedTokens: string[]
}

/**
 * Looks into every file of a package for what must not be published (secrets, scripts in images and texts) and for what a person has
 * to see (hidden code, disguised programs). A window of a file at a time is in memory. What opening it has found is not told again.
 * @throws what goes wrong while reading; a file that is not what its header says is a finding
 */
export async function inspectPackage(pkg: VsixPackage, options: InspectOptions = {}): Promise<Inspection> {
  const findings = createFindings()
  const leakedTokens = new Set<string>()
  const sortFile = fileSorter(pkg)
  const budget = {
    fileBytes: options.maxFileTextBytes ?? 64 * MIB,
    leftBytes: options.maxTextBytes ?? 384 * MIB,
  }
  for (const entry of pkg.entries) {
    const file = sortFile(entry.name)
    checkSecretFile(file, entry.sizeBytes, findings)
    try {
      await inspectFile({ pkg, entry, file, findings, leakedTokens, budget, signal: options.signal })
    } catch (error) {
      findings.absorb(error)
    }
    // Searching is all processor: others get a turn after every file.
    await nextTick()
  }
  for (const name of [pkg.files.readme, pkg.files.changelog]) {
    if (name === undefined) continue
    options.signal?.throwIfAborted()
    const text = await pkg.readEntry(name, defaultLimits.maxAssetBytes)
    checkMarkdown(text.toString('utf8'), name, findings)
  }
  return { findings: findings.list(), leakedTokens: [...leakedTokens] }
}

interface Work {
  pkg: VsixPackage
  entry: PackageEntry
  file: InspectedFile
  findings: Findings
  leakedTokens: Set<string>
  budget: { fileBytes: number; leftBytes: number }
  signal?: AbortSignal
}

async function inspectFile(work: Work): Promise<void> {
  const { pkg, entry, file, findings, signal } = work
  const chunks = withSignal(pkg.streamEntry(entry.name), signal)
  const first = await chunks.next()
  const head = first.done ? Buffer.alloc(0) : first.value
  if (entry.name === pkg.files.icon) checkIcon(file, head, findings)
  else if (isImage(file)) checkImage(file, head, findings)
  if (first.done) return

  const isText = file.isCode || file.extension === '.svg' || !looksBinary(head)
  const isTooMuch = entry.sizeBytes > Math.min(work.budget.fileBytes, work.budget.leftBytes)
  if (!isText || isTooMuch) {
    if (isText) {
      findings.add({
        rule: 'not-read',
        severity: 'hold',
        message: `The text of this file (${entry.sizeBytes} bytes) is more than is searched for secrets and hidden code.`,
        file: entry.name,
      })
    }
    await searchBytes(work, resumed(first.value, chunks))
    return
  }
  work.budget.leftBytes -= entry.sizeBytes
  await searchText(work, resumed(first.value, chunks))
}

async function searchText(
  { file, findings, leakedTokens }: Work,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  const checkHiddenCode = hiddenCodeCheck(file, findings)
  const checkSecrets = secretCheck(file, findings, leakedTokens)
  for await (const window of textWindows(
    file.extension === '.svg' ? watched(chunks, file, findings) : chunks,
  )) {
    checkHiddenCode(window)
    await checkSecrets(window)
    await nextTick()
  }
}

/** Shows an SVG to its check while it passes. */
async function* watched(
  chunks: AsyncIterable<Buffer>,
  file: InspectedFile,
  findings: Findings,
): AsyncGenerator<Buffer> {
  const check = svgCheck(file, findings)
  const decoder = new StringDecoder('utf8')
  for await (const chunk of chunks) {
    check(decoder.write(chunk))
    yield chunk
  }
}

/** Our own tokens are found in anything; what else hides in a program is the malware scanner's business. */
async function searchBytes(
  { file, findings, leakedTokens }: Work,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  let tail: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([tail, chunk])
    for (const token of ownTokensInBytes(bytes)) {
      if (leakedTokens.has(token)) continue
      leakedTokens.add(token)
      const message = `A secret (Dev Forge API token) lies in this file: ${token.slice(0, 4)}…`
      findings.error('secret', message, { file: file.name })
    }
    tail = Buffer.from(bytes.subarray(-64))
  }
}

const SNIFFED_BYTES = 8_192

const looksBinary = (head: Buffer): boolean => head.subarray(0, SNIFFED_BYTES).includes(0)

async function* withSignal(chunks: AsyncIterable<Buffer>, signal?: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    yield chunk
  }
}

/** What was looked at is given first; the rest is let go of even when nobody asks for it. */
async function* resumed(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
