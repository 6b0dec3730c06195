const PARTS = /^(\d{1,4})\.(\d{1,5})\.(\d{1,5})/

/** A version of the editor as a number that can be compared: major·10¹² + minor·10⁶ + patch. What follows the patch is left out. */
export function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = PARTS.exec(version)?.slice(1).map(Number) ?? []
  return major * 1e12 + minor * 1e6 + patch
}

/** From the first version to the last. */
export const ANY_VERSION = { floor: 0, ceiling: Number.MAX_SAFE_INTEGER }
