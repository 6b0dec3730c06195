const MAX_CHARACTERS = 1_000

/** Drizzle quotes the statement's values: names, addresses, sealed secrets. The cause below says what was wrong. */
const withoutValues = (message: string): string => message.split('\nparams:')[0] ?? ''

/**
 * An error with its causes in one line, fit for a column of a table that admins see: short, without the values of a statement
 * that failed, and without NUL, which Postgres does not store.
 */
export function describe(error: unknown): string {
  const parts: string[] = []
  for (let cause = error; cause instanceof Error && parts.length < 4; cause = cause.cause)
    parts.push(withoutValues(cause.message))
  return (parts.join(': ') || String(error)).replaceAll('\0', '').slice(0, MAX_CHARACTERS)
}
