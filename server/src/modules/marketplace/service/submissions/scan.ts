import type { Finding, UpdateDifference } from '@devforge/db'
import { MINUTE } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { scanFile } from '../../../../malware/index.ts'
import { ScannerFailure } from '../../../../malware/types.ts'
import { revokeLeakedTokens } from '../../../auth/service/leaked-tokens.ts'
import { findPublished, type SubmissionRow } from '../../queries/submissions.ts'
import { findPreviousVersion, hasHarmful, hasPublished, isNewMember } from '../../queries/versions.ts'
import { inspectPackage, openPackage } from '../../vsix/index.ts'
import type { VsixPackage } from '../../vsix/types.ts'
import { versionOrder } from '../../vsix/versions.ts'
import { readContents } from './contents.ts'
import { compareWithPrevious } from './difference.ts'
import { findConfusable } from './names.ts'

export interface ScanResult {
  findings: Finding[]
  difference: UpdateDifference | null
  isFirstExtension: boolean
  isUpdate: boolean
  /** Why there is no verdict on malware: then nothing may be decided. */
  failure: string | null
}

/** A package made to keep our own checks busy must not keep a worker. */
const CHECKS_MS = 5 * MINUTE

/**
 * Everything that is to be known of a package before it may be published. Reads it as a stream, three times at most, and writes
 * nothing but the revocation of tokens that it leaks.
 * @throws VSIX_INVALID, and what keeps the storage or the database from being read
 */
export async function scanPackage(ctx: Ctx, row: SubmissionRow): Promise<ScanResult> {
  const access = await ctx.deps.files.open(row.storageKey)
  try {
    const pkg = await openPackage(access, { skipData: true })
    try {
      const { findings, leakedTokens } = await inspectPackage(pkg, { signal: AbortSignal.timeout(CHECKS_MS) })
      // At once, whatever becomes of the package: who uploaded it may have shown it to others.
      if (leakedTokens.length > 0) await revokeLeakedTokens(ctx, leakedTokens, `in a package (${row.id})`)
      const compared = await compare(ctx, row, pkg)
      const history = await lookBack(ctx, row)
      const malware = await scanForMalware(ctx, row)
      return {
        ...compared,
        findings: [...pkg.findings, ...findings, ...compared.findings, ...history, ...malware.findings],
        failure: malware.failure,
      }
    } finally {
      await pkg.close()
    }
  } finally {
    await access.close()
  }
}

/** What the catalog has to say: names that are taken for others, and what an update changes. */
async function compare(ctx: Ctx, row: SubmissionRow, pkg: VsixPackage): Promise<Omit<ScanResult, 'failure'>> {
  const published = await findPublished(ctx.db, row)
  const extensionId = published?.extensionId
  const previous = extensionId
    ? await findPreviousVersion(ctx.db, {
        extensionId,
        versionOrder: versionOrder(row.version),
        targetPlatform: row.targetPlatform,
      })
    : undefined
  const { name } = pkg.identity
  // An extension grown popular under its name keeps it; a new display name is a new claim.
  const isRenamed = previous === undefined || previous.manifest.displayName !== pkg.manifest.displayName
  const confusable = isRenamed
    ? await findConfusable(ctx, { publisherId: row.publisherId, name, displayName: pkg.displayName })
    : []
  if (!previous || !extensionId) {
    return {
      findings: confusable,
      difference: null,
      isFirstExtension: !(await hasPublished(ctx.db, row.publisherId)),
      isUpdate: false,
    }
  }
  const { nativeBinaries } = await readContents(pkg)
  const { difference, findings } = compareWithPrevious(
    previous,
    { ...pkg, version: row.version, nativeBinaries },
    {
      isNewMember: await isNewMember(ctx.db, {
        publisherId: row.publisherId,
        extensionId,
        userId: row.userId,
        since: previous.publishedAt,
      }),
    },
  )
  return { findings: [...confusable, ...findings], difference, isFirstExtension: false, isUpdate: true }
}

/** Who published something harmful does not go on publishing unseen. */
async function lookBack(ctx: Ctx, row: SubmissionRow): Promise<Finding[]> {
  if (!(await hasHarmful(ctx.db, row.publisherId))) return []
  const message = 'an extension of this publisher was taken down as harmful'
  return [{ rule: 'publisher-history', severity: 'hold', message }]
}

/** The scanner's word; without one a failure, never a pass. */
async function scanForMalware(
  ctx: Ctx,
  row: SubmissionRow,
): Promise<{ findings: Finding[]; failure: string | null }> {
  try {
    const verdict = await scanFile(ctx.deps, row.storageKey)
    if (verdict.clean) return { findings: [], failure: null }
    const message = `the malware scanner found ${verdict.name}`
    return { findings: [{ rule: 'malware', severity: 'error', message }], failure: null }
  } catch (error) {
    ctx.log.error({ err: error, submissionId: row.id }, 'malware scan failed')
    const failure = error instanceof ScannerFailure ? error.message : 'The malware scanner failed.'
    return { findings: [], failure }
  }
}
