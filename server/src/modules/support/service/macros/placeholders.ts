/** What may stand in `{{…}}` of a macro. */
export const PLACEHOLDERS = [
  'customer.name',
  'customer.first_name',
  'customer.email',
  'customer.plan',
  'ticket.number',
  'ticket.subject',
  'agent.name',
  'agent.signature',
  'queue.name',
  'license.plan',
  'license.expires',
] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]
/** Null: nothing is known. */
export type PlaceholderValues = { [P in Placeholder]: string | null }

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g

const isKnown = (name: string): name is Placeholder => (PLACEHOLDERS as readonly string[]).includes(name)

/** Placeholders of a text that there are none of. */
export const unknownPlaceholders = (text: string): string[] => [
  ...new Set([...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name).filter((name) => !isKnown(name))),
]

/**
 * Names and subjects are other people's words: they must say in the agent's answer what they say, and be no link, heading, picture or HTML
 * of it.
 */
export function plain(value: string): string {
  const escaped = value
    .replace(/[\\`*_[\]<>~|&!]/g, (mark) => `\\${mark}`)
    // What looks like an address becomes a link by itself.
    .replace(/:(?=\/\/)|(?<=\bwww)\./gi, (mark) => `\\${mark}`)
  return escaped.replace(
    /^(\s*)([-+=#]|\d+[.)])/,
    (_, space: string, mark: string) => `${space}${mark.slice(0, -1)}\\${mark.slice(-1)}`,
  )
}

/** Puts values where their placeholders stand. `missing`: those that nothing is known for. */
export function fillPlaceholders(
  text: string,
  values: PlaceholderValues,
): { text: string; missing: Placeholder[] } {
  const missing = new Set<Placeholder>()
  const filled = text.replace(PLACEHOLDER, (whole, name: string) => {
    if (!isKnown(name)) return whole
    const value = values[name]
    if (value === null || value === '') missing.add(name)
    // The agent's own signature is Markdown of the agent's.
    return name === 'agent.signature' ? (value ?? '') : plain(value ?? '')
  })
  return { text: filled, missing: [...missing] }
}
