import type { Finding } from '@devforge/db'

export interface Situation {
  findings: Finding[]
  /** The publisher has no published extension yet. */
  isFirstExtension: boolean
  /** There is a published version of this extension. */
  isUpdate: boolean
  /** TRUSTED_UPDATES */
  trustUpdates: boolean
}

export type Decision =
  | { status: 'approved'; reason: null }
  | { status: 'needs_review' | 'rejected'; reason: string }

const MAX_REASON_LENGTH = 500

/** In one line what the findings say in full. */
function summary(findings: Finding[]): string {
  const [first] = findings
  if (!first) return ''
  const where =
    first.file === undefined ? '' : ` (${first.file}${first.line === undefined ? '' : `:${first.line}`})`
  const more = findings.length > 1 ? ` And ${findings.length - 1} more.` : ''
  return `${first.message}${where}.${more}`.slice(0, MAX_REASON_LENGTH)
}

/** What becomes of a package whose checks and scan are through. */
export function decide({ findings, isFirstExtension, isUpdate, trustUpdates }: Situation): Decision {
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) return { status: 'rejected', reason: summary(errors) }
  const holds = findings.filter(({ severity }) => severity === 'hold')
  if (holds.length > 0) return { status: 'needs_review', reason: `Waits for a moderator: ${summary(holds)}` }
  if (isFirstExtension) {
    return {
      status: 'needs_review',
      reason: 'The first extension of a publisher waits for a moderator. Later ones publish by themselves.',
    }
  }
  if (isUpdate && !trustUpdates) {
    return { status: 'needs_review', reason: 'On this server every update waits for a moderator.' }
  }
  return { status: 'approved', reason: null }
}
