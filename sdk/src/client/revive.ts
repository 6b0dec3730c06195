/** The names that times have on the wire: `at`, `createdAt`. */
const TIME_NAME = /^at$|At$/

/** Plain JSON as REST answers it, with `Date`s where times are: procedures answer the same things with them. */
export function reviveTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reviveTimes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      TIME_NAME.test(name) && typeof member === 'string' ? new Date(member) : reviveTimes(member),
    ]),
  )
}
