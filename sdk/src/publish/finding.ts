/** What a check found in a package; what the server finds has the same shape. */
export interface Finding {
  /** The check, such as `manifest-mismatch`. */
  rule: string
  /** `error` keeps the package from being published, `hold` makes it wait for a moderator. */
  severity: 'error' | 'hold' | 'warning' | 'info'
  message: string
  /** The entry of the archive. */
  file?: string
  line?: number
}

export const failed = (rule: string, message: string, file?: string): Finding => ({
  rule,
  severity: 'error',
  message,
  ...(file === undefined ? {} : { file }),
})

/** A finding as one line, with file and line first, where editors and terminals look for them. */
export function findingLine({ rule, severity, message, file, line }: Finding): string {
  const where = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  return `${where}${severity}: ${message} [${rule}]`
}
