import type { DoorExtension, DoorPackage, DoorPackageDetails, DoorPackageFiles } from '../queries/open-vsx.ts'
import { aliasesIn, aliasesOf, fits } from './choose.ts'
import { type PackageName, packageFileName, type Urls } from './urls.ts'

/** What goes with every answer about a package. */
export interface Shown {
  extension: DoorExtension
  details: DoorPackageDetails
  /** All packages of the extension, newest first. */
  packages: DoorPackage[]
  /** False for paid extensions that the caller has not bought: everything is told but where the package lies. */
  downloadable: boolean
}

const nameOf = (extension: DoorExtension, { version, targetPlatform }: DoorPackage): PackageName => ({
  namespace: extension.namespace,
  name: extension.name,
  version,
  targetPlatform,
})

/** Addresses of a package and of the files beside it. */
export function filesOf(
  urls: Urls,
  extension: DoorExtension,
  details: DoorPackageFiles,
  downloadable: boolean,
): Record<string, string> {
  const named = nameOf(extension, details)
  const { assets } = details
  const own = (fileName: string | undefined): string | undefined =>
    fileName === undefined ? undefined : urls.file(named, fileName)
  const files: Record<string, string | undefined> = {
    download: downloadable ? urls.file(named, packageFileName(named, 'vsix')) : undefined,
    manifest: own(assets.manifest),
    vsixmanifest: own(assets.vsixManifest),
    icon: own(assets.icon),
    readme: own(assets.readme),
    changelog: own(assets.changelog),
    license: own(assets.license),
    sha256: urls.file(named, packageFileName(named, 'sha256')),
    signature: urls.file(named, packageFileName(named, 'sigzip')),
    publicKey: urls.publicKey(details.signatureKid),
  }
  return defined(files)
}

/** Without members that are not there: clients of this protocol tell `undefined` from `null`. */
function defined<T>(record: Record<string, T | undefined | null>): Record<string, T> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(entries) as Record<string, T>
}

/** Every version that is to be found, newest first, behind the names that stand for two of them. */
export function allVersionsOf(
  urls: Urls,
  { namespace, name }: { namespace: string; name: string },
  packages: DoorPackage[],
  targetPlatform?: string,
): Record<string, string> {
  const platform = targetPlatform === undefined ? [] : [targetPlatform]
  const url = (version: string): [string, string] => [
    version,
    urls.extension(namespace, name, ...platform, version),
  ]
  const published = packages.filter(({ status }) => status === 'published')
  const versions = [...new Set(published.map(({ version }) => version))]
  const aliases = aliasesIn(published)
  return Object.fromEntries([...aliases, ...versions].map(url))
}

const reference = (urls: Urls) => (identifier: string) => {
  const [namespace = '', extension = ''] = identifier.split('.')
  return { namespace, extension, url: urls.extension(namespace, extension) }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
const texts = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined

/** Stars of five; nothing while nobody has rated. */
export const averageOf = ({ ratingCount, ratingSum }: { ratingCount: number; ratingSum: number }) =>
  ratingCount === 0 ? undefined : Math.round((ratingSum / ratingCount) * 100) / 100

/** A package as the protocol tells it (`ExtensionJson`). Who uploaded it stays between them and the publisher. */
export function presentExtension(
  urls: Urls,
  { extension, details, packages, downloadable }: Shown,
  { asked, versions = true }: { asked?: string | undefined; versions?: boolean } = {},
): Record<string, unknown> {
  const { namespace, name } = extension
  const { listing } = details
  const listed = packages.filter((each) => fits(each, asked))
  const siblings = packages.filter(
    ({ version, status }) => version === details.version && status === 'published',
  )
  return defined<unknown>({
    namespaceUrl: urls.namespace(namespace),
    reviewsUrl: urls.extension(namespace, name, 'reviews'),
    url: urls.package(nameOf(extension, details)),
    files: filesOf(urls, extension, details, downloadable),
    name,
    namespace,
    namespaceDisplayName: extension.namespaceDisplayName,
    namespaceAccess: 'restricted',
    targetPlatform: details.targetPlatform,
    version: details.version,
    versionAlias: aliasesOf(listed, details.version),
    preRelease: details.preRelease,
    publishedBy: { loginName: namespace },
    active: details.status === 'published',
    verified: extension.verified,
    unrelatedPublisher: false,
    allVersions: versions ? allVersionsOf(urls, extension, listed, asked) : undefined,
    allVersionsUrl: urls.extension(namespace, name, 'versions'),
    averageRating: averageOf(extension),
    downloadCount: extension.downloads,
    reviewCount: extension.ratingCount,
    timestamp: details.publishedAt.toISOString(),
    preview: listing?.preview ?? extension.preview,
    displayName: listing?.displayName ?? extension.displayName,
    description: listing?.description ?? extension.description,
    engines: { vscode: details.engine },
    categories: listing?.categories ?? extension.categories,
    tags: listing?.tags ?? extension.tags,
    extensionKind: texts(details.extensionKind),
    license: listing ? listing.license : extension.license,
    homepage: listing ? listing.homepageUrl : extension.homepageUrl,
    repository: listing ? listing.repositoryUrl : extension.repositoryUrl,
    bugs: listing ? listing.bugsUrl : extension.bugsUrl,
    sponsorLink: webUrl(details.sponsorUrl),
    qna: text(details.qna),
    galleryColor: text(details.galleryColor),
    galleryTheme: text(details.galleryTheme),
    localizedLanguages: details.localizedLanguages,
    dependencies: details.dependencies.map(reference(urls)),
    bundledExtensions: details.packMembers.map(reference(urls)),
    downloads: downloadable
      ? Object.fromEntries(
          siblings.map((sibling) => [
            sibling.targetPlatform,
            urls.file(nameOf(extension, sibling), packageFileName(nameOf(extension, sibling), 'vsix')),
          ]),
        )
      : undefined,
    deprecated: extension.deprecatedAt !== null,
    replacement: replacementOf(urls, extension.replacedBy),
    downloadable,
  })
}

const webUrl = (value: unknown): string | undefined => {
  const url = text(value)
  return url !== undefined && /^https?:\/\//i.test(url) ? url : undefined
}

function replacementOf(urls: Urls, identifier: string | null): unknown {
  if (identifier === null) return undefined
  return { url: reference(urls)(identifier).url, displayName: identifier }
}
