export const DEFAULT_LOCALE = 'en'

/** Postgres' dictionaries of stems, by language. Others are taken word for word. */
const DICTIONARIES: Record<string, string> = {
  ar: 'arabic_stem',
  da: 'danish_stem',
  de: 'german_stem',
  en: 'english_stem',
  es: 'spanish_stem',
  fi: 'finnish_stem',
  fr: 'french_stem',
  hu: 'hungarian_stem',
  it: 'italian_stem',
  nb: 'norwegian_stem',
  nl: 'dutch_stem',
  no: 'norwegian_stem',
  pt: 'portuguese_stem',
  ro: 'romanian_stem',
  ru: 'russian_stem',
  sv: 'swedish_stem',
  tr: 'turkish_stem',
}

const languageOf = (locale: string): string => locale.split('-')[0] ?? locale

export const dictionaryOf = (locale: string): string => DICTIONARIES[languageOf(locale)] ?? 'simple'

/** What a reader of a language is shown, best first: `de-at` → `de-at`, `de`, `en`. */
export function localeChain(locale: string | undefined): string[] {
  const wanted = locale?.toLowerCase() ?? DEFAULT_LOCALE
  return [...new Set([wanted, languageOf(wanted), DEFAULT_LOCALE])]
}
