import type { Finding } from '@devforge/db'
import { AppError } from '../../../errors.ts'

/** Somebody who sends 25,000 bad names needs not read of each. */
const MAX_PER_RULE = 20
const MAX_MESSAGE_LENGTH = 300
const MAX_FILE_LENGTH = 256

/** Gathers what is wrong, in the order it is found; past twenty of a rule it only counts. */
export interface Findings {
  error(rule: string, message: string, where?: { file?: string; line?: number }): void
  add(finding: Finding): void
  /** Takes over what an error says of a package; any other error is thrown on. */
  absorb(error: unknown): void
  readonly hasErrors: boolean
  list(): Finding[]
}

export function createFindings(): Findings {
  const kept: Finding[] = []
  const counts = new Map<string, number>()
  let hasErrors = false
  const add = (finding: Finding) => {
    if (finding.severity === 'error') hasErrors = true
    const key = `${finding.severity} ${finding.rule}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    if (count > MAX_PER_RULE) return
    kept.push({
      ...finding,
      message: shown(finding.message, MAX_MESSAGE_LENGTH),
      ...(finding.file === undefined ? {} : { file: shown(finding.file, MAX_FILE_LENGTH) }),
    })
  }
  return {
    add,
    absorb(error) {
      if (!isInvalidPackage(error)) throw error
      for (const { severity, ...finding } of error.details?.findings ?? []) {
        add({ ...finding, severity: severityOf(severity) })
      }
    },
    error: (rule, message, where = {}) => add({ rule, severity: 'error', message, ...where }),
    get hasErrors() {
      return hasErrors
    },
    list: () => {
      const more = [...counts].filter(([, count]) => count > MAX_PER_RULE)
      return [...kept, ...more.map(([key, count]) => moreOf(key, count - MAX_PER_RULE))]
    },
  }
}

function moreOf(key: string, count: number): Finding {
  const [severity, ...rule] = key.split(' ')
  return { rule: rule.join(' '), severity: severityOf(severity), message: `and ${count} more of these` }
}

const severityOf = (text: string | undefined): Finding['severity'] =>
  text === 'hold' || text === 'warning' || text === 'info' ? text : 'error'

/** Names come from strangers: what cannot be seen is spelled out, so that it neither hides nor breaks a terminal or a database. */
export function shown(text: string, maxLength: number = MAX_FILE_LENGTH): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
  return short.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
}

export const isInvalidPackage = (error: unknown): error is AppError<'VSIX_INVALID'> =>
  error instanceof AppError && error.code === 'VSIX_INVALID'

/** The package is no good; `findings` say where and why. */
export const invalidPackage = (findings: Finding[], cause?: unknown): AppError<'VSIX_INVALID'> =>
  new AppError('VSIX_INVALID', { findings }, { cause })
