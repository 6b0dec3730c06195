import { invalid, StripeFault } from './errors.ts'

export type Value = string | Value[] | { [key: string]: Value }
export type Fields = { [key: string]: Value }

const MAX_ARRAY_INDEX = 1000

/**
 * Decodes Stripe's form notation: `a=1`, `a[b]=1`, `a[]=1` (the CLI) and `a[0]=1` (the SDK). Numbered members become
 * arrays; everything stays text, because the wire has no other type.
 */
export function decodeForm(text: string): Fields {
  const root: Fields = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) {
    const head = /^[^[\]]+/.exec(name)?.[0]
    if (!head) throw invalid(`Invalid parameter name: ${name.slice(0, 100)}`)
    const path = [
      head,
      ...[...name.slice(head.length).matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1] ?? ''),
    ]
    put(root, path, value)
  }
  return numberedToArrays(root) as Fields
}

function put(root: Fields, path: string[], value: string): void {
  let at = root
  for (const [depth, raw] of path.entries()) {
    const key = raw === '' ? String(Object.keys(at).length) : raw
    if (depth === path.length - 1) {
      at[key] = value
      return
    }
    const next = at[key]
    if (next === undefined || typeof next === 'string') at[key] = Object.create(null)
    at = at[key] as Fields
  }
}

function numberedToArrays(value: Value): Value {
  if (typeof value === 'string' || Array.isArray(value)) return value
  const keys = Object.keys(value)
  const children = keys.map((key) => [key, numberedToArrays(value[key] ?? '')] as const)
  const numbered =
    keys.length > 0 && keys.every((key) => /^\d{1,4}$/.test(key) && Number(key) <= MAX_ARRAY_INDEX)
  if (numbered) return children.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child)
  return Object.assign(Object.create(null), Object.fromEntries(children))
}

/**
 * Reads the parameters of one request and remembers what was read, so that `done()` can refuse unknown ones the way
 * Stripe does: reading a parameter is declaring it. An empty string unsets (`null`).
 */
export class Params {
  private readonly fields: Fields
  private readonly prefix: string
  private readonly read = new Set<string>()
  private readonly children: Params[] = []

  constructor(fields: Fields, prefix = '') {
    this.fields = fields
    this.prefix = prefix
  }

  /** The name as it stood in the request: `line_items[0][price]`. */
  name(key: string): string {
    return this.prefix ? `${this.prefix}[${key}]` : key
  }

  has(key: string): boolean {
    this.read.add(key)
    return this.fields[key] !== undefined
  }

  /** Names of the parameters that the request carries at this level. */
  given(): string[] {
    return Object.keys(this.fields)
  }

  /** Declares parameters that are accepted and change nothing here. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.read.add(key)
  }

  /** Parameters that present API versions have dropped: refused unless the caller names no version (Stripe's CLI). */
  legacy(allowed: boolean, ...keys: string[]): void {
    if (allowed) this.ignore(...keys)
  }

  raw(key: string): Value | undefined {
    this.read.add(key)
    return this.fields[key]
  }

  str(key: string): string | undefined {
    const value = this.raw(key)
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'string') throw invalid(`Invalid string: ${JSON.stringify(value)}`, this.name(key))
    return value
  }

  /** `undefined` when absent, `null` when unset with an empty string. */
  nullable(key: string): string | null | undefined {
    return this.raw(key) === '' ? null : this.str(key)
  }

  need(key: string): string {
    const value = this.str(key)
    if (value !== undefined) return value
    throw this.missing(key)
  }

  missing(key: string): StripeFault {
    const name = this.name(key)
    return new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'parameter_missing',
      message: `Missing required param: ${name}.`,
      param: name,
    })
  }

  int(key: string): number | undefined {
    const value = this.str(key)
    if (value === undefined) return undefined
    if (!/^-?\d{1,15}$/.test(value)) {
      throw invalid(`Invalid integer: ${value.slice(0, 100)}`, this.name(key), 'parameter_invalid_integer')
    }
    return Number(value)
  }

  needInt(key: string): number {
    const value = this.int(key)
    if (value === undefined) throw this.missing(key)
    return value
  }

  decimal(key: string): number | undefined {
    const value = this.str(key)
    if (value === undefined) return undefined
    if (!/^-?\d{1,15}(\.\d{1,12})?$/.test(value))
      throw invalid(`Invalid decimal: ${value.slice(0, 100)}`, this.name(key))
    return Number(value)
  }

  bool(key: string): boolean | undefined {
    const value = this.str(key)
    if (value === undefined) return undefined
    if (value !== 'true' && value !== 'false')
      throw invalid(`Invalid boolean: ${value.slice(0, 100)}`, this.name(key))
    return value === 'true'
  }

  oneOf<const T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const value = this.str(key)
    if (value === undefined) return undefined
    const found = allowed.find((candidate) => candidate === value)
    if (found !== undefined) return found
    const names = allowed.join(', ').replace(/, ([^,]*)$/, allowed.length > 2 ? ', or $1' : ' or $1')
    throw invalid(`Invalid ${this.name(key)}: must be one of ${names}`, this.name(key))
  }

  currency(key: string): string | undefined {
    const value = this.str(key)?.toLowerCase()
    if (value !== undefined && !/^[a-z]{3}$/.test(value)) {
      throw invalid(`Invalid currency: ${value.slice(0, 20)}`, this.name(key))
    }
    return value
  }

  needCurrency(key: string): string {
    const value = this.currency(key)
    if (value === undefined) throw this.missing(key)
    return value
  }

  obj(key: string): Params | undefined {
    const value = this.raw(key)
    if (value === undefined || value === '') return undefined
    // `items[0][…]`-like numbering of an object with numeric keys cannot occur in what we read.
    if (typeof value === 'string' || Array.isArray(value)) throw invalid('Invalid object', this.name(key))
    return this.child(value, this.name(key))
  }

  objects(key: string): Params[] | undefined {
    const value = this.raw(key)
    if (value === undefined || value === '') return undefined
    if (!Array.isArray(value)) throw invalid('Invalid array', this.name(key))
    return value.map((entry, index) => {
      if (typeof entry === 'string' || Array.isArray(entry))
        throw invalid('Invalid object', `${this.name(key)}[${index}]`)
      return this.child(entry, `${this.name(key)}[${index}]`)
    })
  }

  strings(key: string): string[] | undefined {
    const value = this.raw(key)
    if (value === undefined || value === '') return undefined
    if (!Array.isArray(value)) throw invalid('Invalid array', this.name(key))
    return value.filter((entry) => typeof entry === 'string')
  }

  /** A map of any keys, as `metadata` and `currency_options` are. */
  entries(key: string): [string, Value][] | undefined {
    const value = this.raw(key)
    if (value === undefined) return undefined
    if (value === '') return []
    if (Array.isArray(value)) return value.map((entry, index) => [String(index), entry])
    if (typeof value === 'string') throw invalid('Invalid object', this.name(key))
    return Object.entries(value)
  }

  child(fields: Fields, prefix: string): Params {
    const child = new Params(fields, prefix)
    this.children.push(child)
    return child
  }

  /** Call once everything has been read: any parameter nobody asked for is a mistake of the caller. */
  done(): void {
    for (const key of Object.keys(this.fields)) {
      if (this.read.has(key)) continue
      const name = this.name(key)
      throw invalid(`Received unknown parameter: ${name}`, name, 'parameter_unknown')
    }
    for (const child of this.children) child.done()
  }
}

/**
 * Metadata as Stripe merges it: given keys are set, an empty value removes its key, an empty `metadata` removes all.
 * https://docs.stripe.com/api/metadata
 */
export function mergeMetadata(
  present: Record<string, string> | null,
  params: Params,
): Record<string, string> {
  const given = params.entries('metadata')
  if (given === undefined) return present ?? {}
  if (given.length === 0) return {}
  const merged = { ...present }
  for (const [key, value] of given) {
    if (typeof value !== 'string') throw invalid('Metadata values must be strings', `metadata[${key}]`)
    if (key.length > 40)
      throw invalid(`Metadata keys can be at most 40 characters: ${key}`, `metadata[${key}]`)
    if (value.length > 500) {
      throw invalid('Metadata values can have up to 500 characters', `metadata[${key}]`)
    }
    if (value === '') delete merged[key]
    else merged[key] = value
  }
  if (Object.keys(merged).length > 50) throw invalid('Metadata can have up to 50 keys', 'metadata')
  return merged
}
