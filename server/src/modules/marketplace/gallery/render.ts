import { randomUUID } from 'node:crypto'
import { AssetType, Property } from './protocol.ts'

/** One package, as far as a gallery tells of it. */
export interface RenderedVersion {
  version: string
  versionOrder: string
  targetPlatform: string
  preRelease: boolean
  engine: string
  dependencies: string[]
  packMembers: string[]
  localizedLanguages: string[]
  executesCode: boolean
  apiProposals: string[]
  sponsorUrl: string | null
  assets: { readme?: string; changelog?: string; license?: string; icon?: string }
  publishedAt: Date
}

/** An extension without its counters and its publisher, which are put in while reading. */
export interface RenderedExtension {
  uuid: string
  publisherName: string
  name: string
  displayName: string
  description: string
  categories: string[]
  tags: string[]
  preview: boolean
  repositoryUrl: string | null
  bugsUrl: string | null
  publishedAt: Date | null
  releasedAt: Date | null
}

/**
 * Stands for PUBLIC_URL in what is stored, so that a server that moves needs no new listings. JSON escapes control characters:
 * nothing that an author writes can look like it.
 */
const BASE = '\u0001'
/** Stands for it until the text is made. No author can know it. */
const TOKEN = randomUUID()

/** Puts the address of this server into a stored text. */
export const withBase = (stored: string, publicUrl: string): string => stored.replaceAll(BASE, publicUrl)

/** With more packages than this no `files[].source` is told: editors build addresses from `assetUri`, and pages must stay small. */
const MAX_PACKAGES_WITH_SOURCES = 4
/** With more packages than this a page of many extensions gets the short form of each. */
const MAX_PACKAGES_IN_FULL = 5

/** How much is told of each package. */
type Detail = 'sources' | 'full' | 'short' | 'mark'

/** Newest first; packages of one version by platform. Orders are ASCII: code units order as bytes do. */
export const newestFirst = (a: RenderedVersion, b: RenderedVersion): number =>
  a.versionOrder === b.versionOrder
    ? a.targetPlatform < b.targetPlatform
      ? -1
      : 1
    : a.versionOrder < b.versionOrder
      ? 1
      : -1

/** The newest stable version and the newest pre-release for each platform, newest first. */
export function latestOf(versions: readonly RenderedVersion[]): RenderedVersion[] {
  const newest = new Map<string, RenderedVersion>()
  for (const version of [...versions].sort(newestFirst)) {
    const key = `${version.targetPlatform} ${version.preRelease}`
    if (!newest.has(key)) newest.set(key, version)
  }
  return [...newest.values()]
}

/**
 * What a page of many extensions tells of one made for many platforms: its newest stable packages, and one pre-release as a sign
 * that there is one. Whoever wants that asks for the extension by itself (editors do) and is told of all.
 */
function shortOf(latest: readonly RenderedVersion[]): { version: RenderedVersion; detail: Detail }[] {
  const hasStable = new Set(latest.filter((one) => !one.preRelease).map((one) => one.targetPlatform))
  let marked = false
  return latest.flatMap((version): { version: RenderedVersion; detail: Detail }[] => {
    if (!version.preRelease || !hasStable.has(version.targetPlatform)) return [{ version, detail: 'short' }]
    const stable = latest.find((one) => !one.preRelease && one.targetPlatform === version.targetPlatform)
    if (marked || (stable && stable.versionOrder > version.versionOrder)) return []
    marked = true
    return [{ version, detail: 'mark' }]
  })
}

/** The two texts that are kept of an extension. `page` is null where `latest` is small enough for pages. */
export function renderListing(
  extension: RenderedExtension,
  versions: readonly RenderedVersion[],
): { latest: string; page: string | null } {
  const latest = latestOf(versions)
  const detail: Detail = latest.length > MAX_PACKAGES_WITH_SOURCES ? 'full' : 'sources'
  return {
    latest: render(
      extension,
      latest.map((version) => ({ version, detail })),
    ),
    page: latest.length > MAX_PACKAGES_IN_FULL ? render(extension, shortOf(latest)) : null,
  }
}

/** The extension with all the versions given, newest first. */
export function renderAll(extension: RenderedExtension, versions: readonly RenderedVersion[]): string {
  const detail: Detail = versions.length > MAX_PACKAGES_WITH_SOURCES ? 'full' : 'sources'
  return render(
    extension,
    [...versions].sort(newestFirst).map((version) => ({ version, detail })),
  )
}

function render(
  extension: RenderedExtension,
  versions: readonly { version: RenderedVersion; detail: Detail }[],
): string {
  return JSON.stringify({
    extensionId: extension.uuid,
    extensionName: extension.name,
    displayName: extension.displayName,
    shortDescription: extension.description,
    tags: extension.tags,
    categories: extension.categories,
    // Editors search this text: without it whole answers are thrown away.
    flags: extension.preview ? 'validated, public, preview' : 'validated, public',
    releaseDate: extension.publishedAt,
    publishedDate: extension.publishedAt,
    lastUpdated: extension.releasedAt,
    versions: versions.map(({ version, detail }) => renderVersion(extension, version, detail)),
  }).replaceAll(TOKEN, BASE)
}

function renderVersion(extension: RenderedExtension, version: RenderedVersion, detail: Detail): object {
  const assetUri = `${TOKEN}/vscode/asset/${extension.publisherName}/${extension.name}/${version.version}`
  return {
    version: version.version,
    lastUpdated: version.publishedAt,
    assetUri,
    fallbackAssetUri: assetUri,
    targetPlatform: version.targetPlatform,
    files: filesOf(version, detail).map((assetType) =>
      detail === 'sources'
        ? { assetType, source: `${assetUri}/${assetType}?targetPlatform=${version.targetPlatform}` }
        : { assetType },
    ),
    properties: propertiesOf(extension, version, detail).map(([key, value]) => ({ key, value })),
  }
}

function filesOf({ assets }: RenderedVersion, detail: Detail): string[] {
  // Without a manifest editors cannot install, without a signature their button is gray.
  const files: string[] = [AssetType.Manifest, AssetType.Signature]
  if (detail === 'mark') return files
  if (assets.icon) files.push(AssetType.Icon)
  if (assets.readme) files.push(AssetType.Details)
  if (assets.changelog) files.push(AssetType.Changelog)
  if (detail === 'short') return files
  if (assets.license) files.push(AssetType.License)
  // The address of the package is made from `fallbackAssetUri`; nobody looks here for it.
  files.push(AssetType.Vsix)
  return files
}

function propertiesOf(
  extension: RenderedExtension,
  version: RenderedVersion,
  detail: Detail,
): [key: string, value: string][] {
  const properties: [string, string][] = [[Property.Engine, version.engine]]
  const list = (key: string, values: string[]): void => {
    if (values.length > 0) properties.push([key, values.join(',')])
  }
  list(Property.Dependencies, version.dependencies)
  list(Property.Pack, version.packMembers)
  list(Property.ApiProposals, version.apiProposals)
  if (version.preRelease) properties.push([Property.PreRelease, 'true'])
  if (detail === 'mark') return properties
  list(Property.LocalizedLanguages, version.localizedLanguages)
  properties.push([Property.ExecutesCode, String(version.executesCode)])
  if (detail === 'short') return properties
  if (extension.repositoryUrl) properties.push([Property.Source, extension.repositoryUrl])
  if (extension.bugsUrl) properties.push([Property.Support, extension.bugsUrl])
  if (version.sponsorUrl) properties.push([Property.Sponsor, version.sponsorUrl])
  return properties
}
