import { compare, parse } from 'semver'

/**
 * Spells a version so that the order of the bytes is the order of semver: `1.10.0` after `1.9.0`, `1.0.0-beta` before `1.0.0`.
 * Uses `0-9a-z` only, so that every collation of a database agrees.
 * @param version as `semver.valid` gives it
 */
export function versionOrder(version: string): string {
  const parsed = parse(version)
  if (!parsed) throw new TypeError(`not a version: ${version}`)
  const release = [parsed.major, parsed.minor, parsed.patch].map((number) => counted(String(number))).join('')
  // A release comes after all its pre-releases.
  if (parsed.prerelease.length === 0) return `${release}z`
  return `${release}a${parsed.prerelease.map(identifierOrder).join('')}`
}

/** Two digits that say how many digits follow: longer numbers are larger ones. */
const counted = (digits: string): string => `${String(digits.length).padStart(2, '0')}${digits}`

/** Numbers come before words; words compare by their ASCII, which hex keeps, and `00` ends them before whatever could follow. */
const identifierOrder = (identifier: string | number): string =>
  typeof identifier === 'number'
    ? `1${counted(String(identifier))}`
    : `2${Buffer.from(identifier, 'ascii').toString('hex')}00`

/** Order of two versions as semver has it: negative, 0, positive. */
export const compareVersions = (a: string, b: string): number => compare(a, b)

/** What vsce and VS Code take for `engines.vscode`: `^1.80.0`, `>=1.80.x`, `1.80.0-insider`, `*`. */
const ENGINE = /^(?:\*|(?:\^|>=)?(\d+|x)\.(\d+|x)\.(\d+|x)(-.*)?)$/
const MAX_PART = 999_999
const MAX_MAJOR = 9_000

export const isEngineRange = (range: string): boolean => ENGINE.test(range)

/**
 * Lowest version of the editor that satisfies `engines.vscode`, as one number: major·10¹² + minor·10⁶ + patch. `x` and `*` are 0.
 * @throws TypeError for what {@link isEngineRange} refuses
 */
export function engineFloor(range: string): number {
  const match = ENGINE.exec(range)
  if (!match) throw new TypeError(`not an engine range: ${range}`)
  const [major, minor, patch] = match
    .slice(1, 4)
    .map((part) => (part === undefined || part === 'x' ? 0 : Number(part)))
  return (
    Math.min(major ?? 0, MAX_MAJOR) * 1e12 +
    Math.min(minor ?? 0, MAX_PART) * 1e6 +
    Math.min(patch ?? 0, MAX_PART)
  )
}
