import superjson, { type SuperJSONResult } from 'superjson'

/** Whether JSON alone carries the value unchanged: then superjson, which walks and annotates everything, is left out. */
function isPlainJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object': {
      if (value === null) return true
      if (Array.isArray(value)) return value.every(isPlainJson)
      if (Object.getPrototypeOf(value) !== Object.prototype) return false
      for (const key in value) {
        const member = (value as Record<string, unknown>)[key]
        // JSON drops undefined members, as does every reader of ours: no annotation is needed.
        if (member !== undefined && !isPlainJson(member)) return false
      }
      return true
    }
    default:
      return false
  }
}

/** superjson on the wire, paid for only by the values that need it (dates, sets, …). Reads whatever superjson writes. */
export const transformer = {
  serialize: (value: unknown): SuperJSONResult | { json: unknown } =>
    isPlainJson(value) ? { json: value } : superjson.serialize(value),
  deserialize: (value: SuperJSONResult): unknown =>
    value?.meta === undefined ? value?.json : superjson.deserialize(value),
}
