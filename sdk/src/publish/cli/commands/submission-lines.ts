import { findingLine } from '../../finding.ts'
import type { Submission } from '../../publish.ts'
import type { Style } from '../io.ts'
import { shown } from '../text.ts'

const SAID: Record<Submission['status'], string> = {
  received: 'taken in, and will be checked',
  scanning: 'being checked',
  scan_failed: 'could not be checked, and will be again',
  needs_review: 'waits for a moderator',
  approved: 'approved, and will be published',
  rejected: 'refused',
  published: 'published',
}

/** A submission for people: what it is, how it stands and why, and what was found. */
export function submissionLines(submission: Submission, style: Style): string[] {
  const { id, extension, version, targetPlatform, status, reason, findings } = submission
  const platform = targetPlatform === 'universal' ? '' : ` (${targetPlatform})`
  const tint = status === 'published' ? style.green : status === 'rejected' ? style.red : style.yellow
  return [
    ...findings.map((finding) => shown(findingLine(finding))),
    `${style.bold(`${extension} ${version}`)}${platform}: ${tint(SAID[status])}  ${style.dim(id)}`,
    ...(reason === null ? [] : [`  ${shown(reason)}`]),
  ]
}
