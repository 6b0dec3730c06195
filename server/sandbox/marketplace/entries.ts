import catalog from './catalog.json' with { type: 'json' }

interface Common {
  publisher: string
  displayName: string
  description: string
  tags: string[]
  /** Installs, and the stars that people mostly give. */
  installs: number
  stars: number
}
/** A color theme around one hue. */
interface Theme extends Common {
  kind: 'theme'
  hue: number
  light: boolean
}
/** Snippets for one language. */
interface Snippets extends Common {
  kind: 'snippets'
  language: string
  snippets: { prefix: string; what: string; body: string[] }[]
}
/** A command that changes the selected text; `change` is JavaScript, an expression over `text`. */
interface Command extends Common {
  kind: 'command'
  change: string
}
export type DemoEntry = Theme | Snippets | Command

/** Publishers that do not exist, with the names they are shown by. */
export const PUBLISHERS: ReadonlyMap<string, string> = new Map(Object.entries(catalog.publishers))

/** The demo's catalog: small extensions that really work. */
export const DEMO_ENTRIES: DemoEntry[] = [
  ...catalog.themes.map(
    (theme): Theme => ({
      kind: 'theme',
      ...theme,
      description: `A calm ${theme.light ? 'light' : 'dark'} theme with ${theme.light ? 'strong' : 'soft'} contrast, for long days of reading code.`,
      tags: ['theme', 'color-theme', theme.light ? 'light' : 'dark'],
    }),
  ),
  ...catalog.snippets.map(
    (pack): Snippets => ({
      kind: 'snippets',
      ...pack,
      description: `Short prefixes for what one writes all day: ${pack.snippets.map(({ what }) => what.toLowerCase()).join(', ')}.`,
      tags: ['snippets', pack.language],
    }),
  ),
  ...catalog.commands.map((command): Command => ({ kind: 'command', ...command })),
]
