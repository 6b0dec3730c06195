import { BRAND_NAMES, ROUTE_NAMES } from './reserved-names.ts'

/**
 * What a publisher may be called: `vsce` refuses to pack anything else (`validatePublisher`), and with ASCII alone no letter of
 * another alphabet can pass for one of these.
 */
export const PUBLISHER_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i
export const MAX_PUBLISHER_NAME = 64

/** Names that differ only in case or hyphens are one name to people. */
export const squash = (name: string): string => name.toLowerCase().replaceAll('-', '')

const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/0/g, 'o'],
  [/[1i]/g, 'l'],
  [/3/g, 'e'],
  [/4/g, 'a'],
  [/5/g, 's'],
  [/7/g, 't'],
  [/8/g, 'b'],
  [/rn/g, 'm'],
  [/vv/g, 'w'],
]

/** What a name looks like at a glance: `rnicr0soft` and `Microsoft` come out the same. */
export function skeleton(name: string): string {
  return LOOKALIKES.reduce((text, [pattern, letter]) => text.replaceAll(pattern, letter), squash(name))
}

/** What people append to a brand to look like it. */
const OFFICIAL_ENDINGS = [
  ...['official', 'verified', 'team', 'inc', 'corp', 'labs', 'hq', 'org', 'company', 'software', 'tools'],
  ...['extension', 'extensions'],
].map(skeleton)
const ROUTES = new Set(ROUTE_NAMES.map(squash))
const BRANDS = new Set(BRAND_NAMES.map(skeleton))

/** Whether a name belongs to a path of ours: nobody gets it. */
export const isRouteName = (name: string): boolean => ROUTES.has(squash(name))

/** Whether a name is, or looks like, one that people know. */
export function isBrandName(name: string): boolean {
  const looks = skeleton(name)
  return (
    BRANDS.has(looks) ||
    OFFICIAL_ENDINGS.some((ending) => looks.endsWith(ending) && BRANDS.has(looks.slice(0, -ending.length)))
  )
}

/** Whether a stranger cannot have this name. */
export const isReservedPublisher = (name: string): boolean => isRouteName(name) || isBrandName(name)

/** Letters of other alphabets that look like Latin ones (the usual suspects of Unicode TR 39), after `NFKD`. */
const FOREIGN: Readonly<Record<string, string>> = {
  ...{
    а: 'a',
    в: 'b',
    с: 'c',
    ԁ: 'd',
    е: 'e',
    ё: 'e',
    ғ: 'f',
    һ: 'h',
    н: 'h',
    і: 'i',
    ї: 'i',
    ј: 'j',
    к: 'k',
    ӏ: 'l',
  },
  ...{ м: 'm', п: 'n', о: 'o', р: 'p', ԛ: 'q', г: 'r', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x' },
  ...{
    α: 'a',
    β: 'b',
    ε: 'e',
    η: 'n',
    ι: 'i',
    κ: 'k',
    μ: 'u',
    ν: 'v',
    ο: 'o',
    ρ: 'p',
    σ: 'o',
    τ: 't',
    υ: 'u',
    χ: 'x',
    ζ: 'z',
  },
  ...{ ı: 'i', ł: 'l', ø: 'o', đ: 'd', ħ: 'h', ŧ: 't', ɡ: 'g', ɑ: 'a', ß: 'b', æ: 'ae', œ: 'oe' },
}

/** Whether a name for people (spaces, any alphabet) passes for somebody well known. */
export function looksLikeBrand(displayName: string): boolean {
  const folded = displayName
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/./gsu, (letter) => FOREIGN[letter] ?? letter)
    .replaceAll(/[^a-z0-9]/g, '')
  return folded !== '' && isBrandName(folded)
}
