import superjson, { type SuperJSONResult } from 'superjson'

/** superjson on the wire. Answers without annotations (nothing but JSON in them) skip its walk. */
export const transformer = {
  serialize: (value: unknown): SuperJSONResult => superjson.serialize(value),
  deserialize: (value: SuperJSONResult): unknown =>
    value?.meta === undefined ? value?.json : superjson.deserialize(value),
}
