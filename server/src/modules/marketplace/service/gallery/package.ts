import type { Deps } from '../../../../deps.ts'
import { AppError } from '../../../../errors.ts'
import { findPackages, type PackageRow } from '../../queries/gallery.ts'
import type { Viewer } from './viewer.ts'

export type GalleryPackage = PackageRow

export interface WantedPackage {
  /** `publisher.name`, any case. */
  name: string
  version: string
  /** Undefined, or what no package is made for: the universal one, or any where there is none. */
  targetPlatform?: string | undefined
}

/** What editors send when they do not know. */
const UNKNOWN_PLATFORMS = new Set(['', 'undefined', 'unknown'])

/**
 * The package that an address of a gallery means.
 * @throws AppError EXTENSION_NOT_FOUND
 */
export async function findPackage(deps: Deps, wanted: WantedPackage): Promise<GalleryPackage> {
  const name = wanted.name.toLowerCase()
  const packages = await findPackages(deps.sql, name, wanted.version)
  const asked = wanted.targetPlatform?.toLowerCase() ?? ''
  const platform = UNKNOWN_PLATFORMS.has(asked) ? undefined : asked
  const universal = packages.find((one) => one.targetPlatform === 'universal')
  const found = platform
    ? (packages.find((one) => one.targetPlatform === platform) ?? universal)
    : (universal ?? packages[0])
  if (!found) throw notFound(wanted)
  return found
}

/**
 * Refuses a paid package to those who may not have it, as if there were none: editors save the body of a 403 as a package.
 * @param viewer looked up only where it matters
 * @throws AppError EXTENSION_NOT_FOUND
 */
export async function requirePackage(
  found: GalleryPackage,
  viewer: () => Promise<Viewer>,
): Promise<Viewer | null> {
  if (!found.paid) return null
  const who = await viewer()
  if (!who.mayHave({ id: found.extensionId, paid: true })) {
    throw notFound({ name: found.identifier, version: found.version, targetPlatform: found.targetPlatform })
  }
  return who
}

export const notFound = ({ name, version, targetPlatform }: WantedPackage): AppError =>
  new AppError('EXTENSION_NOT_FOUND', {
    id: name,
    version,
    ...(targetPlatform === undefined ? {} : { targetPlatform }),
  })
