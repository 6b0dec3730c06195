import type { ShownSubmission } from '../../queries/submissions.ts'

/** A submission as authors see it. */
export function presentSubmission(row: ShownSubmission) {
  return {
    id: row.id,
    extension: row.identifier,
    version: row.version,
    targetPlatform: row.targetPlatform,
    preRelease: row.preRelease,
    status: row.status,
    reason: row.reason,
    findings: row.findings,
    difference: row.difference,
    sha256: row.sha256.toString('hex'),
    sizeBytes: row.sizeBytes,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}

export type Submission = ReturnType<typeof presentSubmission>
