/** What is to be known of a package to choose among packages. They come newest first. */
export interface Choosable {
  version: string
  targetPlatform: string
  preRelease: boolean
  status: string
}

export interface Wish {
  /** A version, or `latest`, or `pre-release`; absent: `latest`. */
  version?: string | undefined
  targetPlatform?: string | undefined
}

/** Packages for all platforms serve whoever asks for one; the one made for it serves better. */
export const fits = (candidate: Choosable, targetPlatform: string | undefined): boolean =>
  targetPlatform === undefined ||
  candidate.targetPlatform === targetPlatform ||
  candidate.targetPlatform === 'universal'

/** Of one version's packages: that for the platform asked for, else that for all of them, else the first. */
function bestOf<P extends Choosable>(packages: P[], targetPlatform: string | undefined): P | undefined {
  return (
    packages.find((candidate) => candidate.targetPlatform === targetPlatform) ??
    packages.find((candidate) => candidate.targetPlatform === 'universal') ??
    packages[0]
  )
}

/** The newest version of the kind asked for: stable before pre-release, so that nobody gets one without asking for it. */
function versionOf(published: Choosable[], alias: 'latest' | 'pre-release'): string | undefined {
  if (alias === 'pre-release') return published.find((candidate) => candidate.preRelease)?.version
  return (published.find((candidate) => !candidate.preRelease) ?? published[0])?.version
}

/**
 * The package that answers a wish. A yanked one answers only to its exact version.
 * @param packages of one extension, newest first
 */
export function choose<P extends Choosable>(packages: P[], wish: Wish): P | undefined {
  const fitting = packages.filter((candidate) => fits(candidate, wish.targetPlatform))
  const published = fitting.filter((candidate) => candidate.status === 'published')
  const version =
    wish.version === undefined || wish.version === 'latest' || wish.version === 'pre-release'
      ? versionOf(published, wish.version ?? 'latest')
      : wish.version
  return bestOf(
    fitting.filter((candidate) => candidate.version === version),
    wish.targetPlatform,
  )
}

/** The names that stand for some version of these. */
export const aliasesIn = (packages: Choosable[]): ('latest' | 'pre-release')[] => {
  const published = packages.filter((candidate) => candidate.status === 'published')
  return (['latest', 'pre-release'] as const).filter((alias) => versionOf(published, alias) !== undefined)
}

/** The names that stand for a version: of the newest stable one, of the newest pre-release. */
export function aliasesOf(packages: Choosable[], version: string): ('latest' | 'pre-release')[] {
  const published = packages.filter((candidate) => candidate.status === 'published')
  return (['latest', 'pre-release'] as const).filter((alias) => versionOf(published, alias) === version)
}
