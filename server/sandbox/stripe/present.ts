import { invalid } from './errors.ts'
import type { Store } from './store.ts'

type Json = Record<string, unknown>

/** Members that Stripe shows only when they are expanded. */
const SHOWN_WHEN_EXPANDED: Record<string, string[]> = {
  price: ['currency_options', 'tiers'],
  coupon: ['currency_options', 'applies_to'],
}

/** A copy without what the sandbox keeps for itself. */
export function strip(object: object): Json {
  const copy: Json = {}
  const source = object as Json
  const hidden = SHOWN_WHEN_EXPANDED[String(source.object)] ?? []
  for (const [key, value] of Object.entries(source)) {
    if (key === '_sandbox' || hidden.includes(key)) continue
    copy[key] = stripValue(value)
  }
  return copy
}

function stripValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripValue)
  return typeof value === 'object' && value !== null ? strip(value) : value
}

/** Members computed only when asked for: kind → member → value. */
export type Includable = Record<string, Record<string, (id: string) => unknown>>

const MAX_DEPTH = 4

/** Strips and expands an answer. https://docs.stripe.com/api/expanding_objects */
export function present(store: Store, includable: Includable, answer: object, expand: string[]): Json {
  const shown = strip(answer)
  for (const path of expand) {
    const segments = path.split('.')
    const depth = segments.filter((segment) => segment !== 'data').length
    if (depth > MAX_DEPTH) {
      throw invalid(
        `You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`,
        'expand',
      )
    }
    expandAlong(store, includable, shown, segments, path)
  }
  return shown
}

function expandAlong(
  store: Store,
  includable: Includable,
  at: unknown,
  segments: string[],
  path: string,
): void {
  const [key, ...rest] = segments
  if (key === undefined || at === null || at === undefined) return
  if (Array.isArray(at)) {
    for (const entry of at) expandAlong(store, includable, entry, segments, path)
    return
  }
  if (typeof at !== 'object') return
  const holder = at as Json
  if (holder.deleted === true) return
  if (holder[key] === undefined) {
    const compute = includable[String(holder.object)]?.[key]
    if (compute) holder[key] = stripValue(compute(String(holder.id)))
  }
  if (holder[key] === undefined && !OPTIONAL.has(key)) {
    throw invalid(
      `This property cannot be expanded (${key}). You may want to try expanding a different property: ${path}`,
      'expand',
    )
  }
  holder[key] = Array.isArray(holder[key])
    ? holder[key].map((entry) => resolve(store, entry))
    : resolve(store, holder[key])
  expandAlong(store, includable, holder[key], rest, path)
}

/** Members that exist only on some objects of their kind. */
const OPTIONAL = new Set([
  'failure_balance_transaction',
  'transfer',
  'default_price',
  'payment_intent',
  'charge',
])

function resolve(store: Store, value: unknown): unknown {
  if (typeof value !== 'string') return value
  const found = store.findAny(value)
  if (!found) return value
  return found.deleted ? { id: value, object: found.kind, deleted: true } : strip(found.object)
}
