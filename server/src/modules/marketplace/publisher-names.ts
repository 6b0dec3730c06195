import { skeletonOf } from './lookalikes/skeleton.ts'
import { BRAND_NAMES, ROUTE_NAMES } from './reserved-names.ts'

/**
 * What a publisher may be called: `vsce` refuses to pack anything else (`validatePublisher`), and with ASCII alone no letter of
 * another alphabet can pass for one of these.
 */
export const PUBLISHER_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i
export const MAX_PUBLISHER_NAME = 64

/** Names that differ only in case or hyphens are one name to people. */
export const squash = (name: string): string => name.toLowerCase().replaceAll('-', '')

/** What people append to a brand to look like it. */
const OFFICIAL_ENDINGS = [
  ...['official', 'verified', 'team', 'inc', 'corp', 'labs', 'hq', 'org', 'company', 'software', 'tools'],
  ...['extension', 'extensions'],
].map(skeletonOf)
const ROUTES = new Set(ROUTE_NAMES.map(squash))
const BRANDS = new Set(BRAND_NAMES.map(skeletonOf))

/** Whether a name belongs to a path of ours: nobody gets it. */
export const isRouteName = (name: string): boolean => ROUTES.has(squash(name))

/** Whether a name, of a publisher or for people, is or looks like one that everybody knows. */
export function isBrandName(name: string): boolean {
  const looks = skeletonOf(name)
  return (
    BRANDS.has(looks) ||
    OFFICIAL_ENDINGS.some((ending) => looks.endsWith(ending) && BRANDS.has(looks.slice(0, -ending.length)))
  )
}

/** Whether a stranger cannot have this name. */
export const isReservedPublisher = (name: string): boolean => isRouteName(name) || isBrandName(name)
