import { randomUUID } from 'node:crypto'

const SANE = /^[A-Za-z0-9_-]{8,64}$/

/** The id that logs, errors and answers share: the caller's, if it is harmless to log, or a new one. */
export const requestIdOf = (given: string | null): string =>
  given !== null && SANE.test(given) ? given : randomUUID()
