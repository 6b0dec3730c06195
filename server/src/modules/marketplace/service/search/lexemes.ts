const short = (text: string): string => text.trim().toLowerCase().slice(0, 100)

/** Lexemes that are no words but something to filter by. Words never hold a slash, so the two are never mixed up. */
export const lexeme = {
  /** A word of a name, display name or tag: what is matched by its beginning. */
  name: (word: string) => `n/${word}`,
  category: (category: string) => `c/${short(category)}`,
  tag: (tag: string) => `t/${short(tag)}`,
  publisher: (nameOrDisplayName: string) => `p/${short(nameOrDisplayName)}`,
  platform: (platform: string) => `o/${platform}`,
  price: (price: 'free' | 'paid') => `x/${price}`,
  /** Paid extensions have their own id, so that those who bought them can be told from the rest. */
  bought: (extensionId: string) => `e/${extensionId}`,
  featured: 'f/featured',
  deprecated: 'd/deprecated',
}

/** As tsvector and tsquery literals spell a lexeme. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
