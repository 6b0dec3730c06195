import superjson, { type SuperJSONResult } from 'superjson'

/** The answer of those below when superjson must look at the value. */
const MORE_THAN_DATES = Symbol('more than dates')

/** Dates by their paths, in superjson's spelling. */
type Dates = Record<string, ['Date']>

/** superjson refuses such paths, since they could reach a prototype. */
const UNSAFE_PATH = /(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/

/** A key as part of a path, where dots part the keys. */
const escapeKey = (key: string): string =>
  key.includes('.') || key.includes('\\') ? key.replaceAll('\\', '\\\\').replaceAll('.', '\\.') : key

/** Whether JSON carries a value that is no object. It would make null of infinities and NaN, and 0 of -0. */
const isPlain = (value: unknown): boolean =>
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  value === null ||
  (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0))

/**
 * The value as JSON: itself where JSON carries it unchanged, a copy where it holds dates, which become text.
 * @param prefix of the paths of its members: empty, or ending in a dot
 */
function toJson(value: unknown, prefix: string, dates: Dates): unknown {
  if (typeof value !== 'object' || value === null) return isPlain(value) ? value : MORE_THAN_DATES
  if (Array.isArray(value)) return arrayToJson(value, prefix, dates)
  if (value instanceof Date) return dateToJson(value, prefix, dates)
  if (Object.getPrototypeOf(value) !== Object.prototype) return MORE_THAN_DATES
  return objectToJson(value as Record<string, unknown>, prefix, dates)
}

function dateToJson(value: Date, prefix: string, dates: Dates): unknown {
  const path = prefix.slice(0, -1)
  if (prefix === '' || UNSAFE_PATH.test(path) || Number.isNaN(value.getTime())) return MORE_THAN_DATES
  dates[path] = ['Date']
  return value.toISOString()
}

function objectToJson(value: Record<string, unknown>, prefix: string, dates: Dates): unknown {
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    const member = value[key]
    if (typeof member === 'object' && member !== null) {
      const json = toJson(member, `${prefix}${escapeKey(key)}.`, dates)
      if (json === MORE_THAN_DATES) return MORE_THAN_DATES
      if (json === member) continue
      copy ??= { ...value }
      copy[key] = json
      // JSON drops undefined members, as does every reader of ours: no annotation is needed.
    } else if (member !== undefined && !isPlain(member)) return MORE_THAN_DATES
  }
  return copy ?? value
}

function arrayToJson(value: unknown[], prefix: string, dates: Dates): unknown {
  let copy: unknown[] | undefined
  for (let place = 0; place < value.length; place++) {
    const member = value[place]
    const json = toJson(member, `${prefix}${place}.`, dates)
    if (json === MORE_THAN_DATES) return MORE_THAN_DATES
    if (json === member) continue
    copy ??= [...value]
    copy[place] = json
  }
  return copy ?? value
}

function serialize(value: unknown): SuperJSONResult | { json: unknown } {
  const dates: Dates = {}
  const json = toJson(value, '', dates)
  if (json === MORE_THAN_DATES) return superjson.serialize(value)
  // A copy was made for dates only.
  return json === value ? { json } : { json: json as SuperJSONResult['json'], meta: { values: dates, v: 1 } }
}

/**
 * superjson on the wire. It walks and notes everything several times over, so plain values, and those that have but dates besides,
 * are written here, in its format. Reads whatever superjson writes.
 */
export const transformer = {
  serialize,
  deserialize: (value: SuperJSONResult): unknown =>
    value?.meta === undefined ? value?.json : superjson.deserialize(value),
}
