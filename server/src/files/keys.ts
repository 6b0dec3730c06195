/** No file of that name. */
export class FileMissing extends Error {
  readonly key: string
  constructor(key: string, options: { cause?: unknown } = {}) {
    super(`there is no file ${key}`, options)
    this.name = 'FileMissing'
    this.key = key
  }
}

/** A dot in front is kept for the drivers' own files, and keeps `.` and `..` out. */
const SEGMENT = /^[A-Za-z0-9_@-][A-Za-z0-9._@-]*$/
const MAX_LENGTH = 512

/**
 * Keys are put together from ids and versions by our own code; this is the second lock on the door.
 * @throws Error for whatever could lead out of the folder, or mean something else to a bucket
 */
export function checkedKey(key: string): string {
  if (key.length > MAX_LENGTH || !key.split('/').every((segment) => SEGMENT.test(segment)))
    throw new Error(`not a key of a file: ${JSON.stringify(key)}`)
  return key
}

/** The same for a folder, with or without its slash at the end. @returns it without */
export const checkedPrefix = (prefix: string): string => checkedKey(prefix.replace(/\/$/, ''))

/** RFC 8187: what may stand unescaped is less than in a part of an address. */
const extended = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /['()*!]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** What `Content-Disposition` says, with a name that cannot break out of it (RFC 6266); in whatever script it is written. */
export function attachment(fileName: string): string {
  const plain = `attachment; filename="${fileName.replaceAll(/[^A-Za-z0-9._@-]/g, '_')}"`
  return /[^\x20-\x7e]/.test(fileName) ? `${plain}; filename*=UTF-8''${extended(fileName)}` : plain
}
