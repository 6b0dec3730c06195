import type { $ZodShape, $ZodType, $ZodTypes } from 'zod/v4/core'

/** Turns what HTTP carries as text into what the schema wants. Never throws: what does not fit is left for the schema to refuse. */
export type Coerce = (value: unknown) => unknown

/** The schema inside wrappers that do not change what a text means. */
function bare(schema: $ZodType): $ZodTypes {
  const { def } = (schema as $ZodTypes)._zod
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return bare(def.innerType)
    case 'pipe':
      return bare(def.in)
    case 'lazy':
      return bare(def.getter())
    default:
      return schema as $ZodTypes
  }
}

/** The members of an object schema; of a union of them, the members of all. Undefined for anything else. */
export function shapeOf(schema: $ZodType): $ZodShape | undefined {
  const { def } = bare(schema)._zod
  if (def.type === 'object') return def.shape
  if (def.type !== 'union') return undefined
  const shapes = def.options.map(shapeOf)
  return shapes.some((shape) => shape === undefined) ? undefined : Object.assign({}, ...shapes)
}

const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/

function toDate(value: unknown): unknown {
  if (typeof value !== 'string' || !ISO_DATE.test(value)) return value
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? value : date
}

const NUMBER = /^-?\d+(?:\.\d+)?$/

/** For one value of a path or query string. */
function fromText(schema: $ZodType): Coerce | undefined {
  const { def } = bare(schema)._zod
  switch (def.type) {
    case 'number':
      return (value) => (typeof value === 'string' && NUMBER.test(value) ? Number(value) : value)
    case 'boolean':
      return (value) => (value === 'true' ? true : value === 'false' ? false : value)
    case 'date':
      return toDate
    default:
      return undefined
  }
}

/**
 * For path and query parameters: `?limit=20&active=true&plan=pro&plan=free`.
 * @param shape the members of the input
 * @returns a function from parameter values (all that came under one name) to the input's value
 */
export function parameterCoercion(shape: $ZodShape): Map<string, (values: string[]) => unknown> {
  return new Map(
    Object.entries(shape).map(([name, schema]) => {
      const inner = bare(schema)._zod.def
      if (inner.type === 'array') {
        const item = fromText(inner.element)
        return [name, (values: string[]) => (item ? values.map(item) : values)]
      }
      const one = fromText(schema)
      // A parameter given twice is an array where none is wanted: the schema refuses it.
      return [name, (values: string[]) => (values.length === 1 ? (one ? one(values[0]) : values[0]) : values)]
    }),
  )
}

/** For JSON bodies, which carry dates as ISO 8601 texts. Undefined where the schema has no dates: nothing to do. */
export function bodyCoercion(schema: $ZodType): Coerce | undefined {
  const { def } = bare(schema)._zod
  switch (def.type) {
    case 'date':
      return toDate
    case 'array': {
      const item = bodyCoercion(def.element)
      return item && ((value) => (Array.isArray(value) ? value.map(item) : value))
    }
    case 'record': {
      const member = bodyCoercion(def.valueType)
      return member && ((value) => mapMembers(value, () => member))
    }
    case 'object': {
      const members = new Map<string, Coerce>()
      for (const [name, inner] of Object.entries(def.shape)) {
        const coerce = bodyCoercion(inner)
        if (coerce) members.set(name, coerce)
      }
      return members.size === 0 ? undefined : (value) => mapMembers(value, (name) => members.get(name))
    }
    case 'union': {
      // Each option turns only its own dates; a text that another option wants is no ISO date, or is one there, too.
      const options = def.options.map(bodyCoercion).filter((option) => option !== undefined)
      return options.length === 0
        ? undefined
        : (value) => options.reduce((result, option) => option(result), value)
    }
    default:
      return undefined
  }
}

function mapMembers(value: unknown, coerceFor: (name: string) => Coerce | undefined): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const coerce = coerceFor(name)
      return [name, coerce ? coerce(member) : member]
    }),
  )
}
