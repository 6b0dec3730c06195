import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { choose, type Wish } from '../../open-vsx/choose.ts'
import { allVersionsOf, averageOf, filesOf, presentExtension, type Shown } from '../../open-vsx/present.ts'
import { packageFileName, type Urls, urlsOf } from '../../open-vsx/urls.ts'
import {
  type DoorExtension,
  type DoorPackage,
  type DoorPackageFiles,
  findDoorExtensions,
  findDoorPackages,
  findNamesOf,
  findPackageDetails,
  findPackageFiles,
} from '../../queries/open-vsx.ts'
import type { Viewer } from '../gallery/viewer.ts'
import { findPublisher } from '../publishers.ts'
import { listReviews } from '../reviews/list.ts'

/** An extension in a path: names in any case, then perhaps a platform and a version. */
export interface Address extends Wish {
  namespace: string
  name: string
}

/** How far pages go and how long they are. */
export interface Page {
  size: number
  offset: number
}

export const doorUrls = (ctx: Pick<Ctx, 'deps'>): Urls => urlsOf(ctx.deps.env.PUBLIC_URL)

const identifierOf = ({ namespace, name }: Address): string => `${namespace}.${name}`

function extensionNotFound(address: Address): AppError {
  const { version, targetPlatform } = address
  const which = [identifierOf(address), version, targetPlatform].filter((part) => part !== undefined)
  return new AppError(
    'EXTENSION_NOT_FOUND',
    { id: identifierOf(address) },
    { message: `Extension not found: ${which.join(' ')}` },
  )
}

/** The extension of an address with its packages, newest first. @throws EXTENSION_NOT_FOUND */
async function findWithPackages(ctx: Ctx, address: Address) {
  const [extension] = await findDoorExtensions(ctx.db, { identifier: identifierOf(address) })
  if (!extension) throw extensionNotFound(address)
  return { extension, packages: await findDoorPackages(ctx.db, [extension.id]) }
}

/** The package that an address means. @throws EXTENSION_NOT_FOUND */
export async function findAddressed(ctx: Ctx, address: Address): Promise<Omit<Shown, 'downloadable'>> {
  const { extension, packages } = await findWithPackages(ctx, address)
  const chosen = choose(packages, address)
  const [details] = chosen ? await findPackageDetails(ctx.db, [chosen.id]) : []
  if (!details) throw extensionNotFound(address)
  return { extension, details, packages }
}

/** An extension as the protocol tells it. @throws EXTENSION_NOT_FOUND */
export async function getExtension(ctx: Ctx, address: Address, viewer: Viewer) {
  const found = await findAddressed(ctx, address)
  const shown = { ...found, downloadable: viewer.mayHave(found.extension) }
  return presentExtension(doorUrls(ctx), shown, { asked: address.targetPlatform })
}

/** A publisher with the addresses of its extensions. @throws PUBLISHER_NOT_FOUND */
export async function getNamespace(ctx: Ctx, name: string) {
  const publisher = await findPublisher(ctx.db, name)
  if (!publisher) {
    throw new AppError('PUBLISHER_NOT_FOUND', { name }, { message: `Namespace not found: ${name}` })
  }
  const urls = doorUrls(ctx)
  const names = await findNamesOf(ctx.db, publisher.id)
  return {
    name: publisher.name,
    displayName: publisher.displayName,
    url: urls.namespace(publisher.name),
    extensions: Object.fromEntries(names.map((each) => [each, urls.extension(publisher.name, each)])),
    verified: publisher.domainVerifiedAt !== null,
    access: 'restricted',
  }
}

const publishedFor = (packages: DoorPackage[], targetPlatform: string | undefined): DoorPackage[] =>
  packages.filter(
    (row) =>
      row.status === 'published' && (targetPlatform === undefined || row.targetPlatform === targetPlatform),
  )

/** Versions with their addresses, newest first, page by page. @throws EXTENSION_NOT_FOUND */
export async function listVersions(ctx: Ctx, address: Address, { size, offset }: Page) {
  const { extension, packages } = await findWithPackages(ctx, address)
  const published = publishedFor(packages, address.targetPlatform)
  const all = Object.entries(allVersionsOf(doorUrls(ctx), extension, published, address.targetPlatform))
  return {
    offset,
    totalSize: all.length,
    versions: Object.fromEntries(all.slice(offset, offset + size)),
  }
}

/** Packages, one for each version and platform, newest first, page by page. @throws EXTENSION_NOT_FOUND */
export async function listVersionReferences(
  ctx: Ctx,
  address: Address,
  { size, offset }: Page,
  viewer: Viewer,
) {
  const { extension, packages } = await findWithPackages(ctx, address)
  const published = publishedFor(packages, address.targetPlatform)
  const page = published.slice(offset, offset + size)
  const details = await filesInOrder(ctx, page)
  return {
    offset,
    totalSize: published.length,
    versions: details.map((each) =>
      presentReference(doorUrls(ctx), extension, each, viewer.mayHave(extension)),
    ),
  }
}

/** Where packages are, in their order. */
export async function filesInOrder(ctx: Ctx, packages: { id: string }[]): Promise<DoorPackageFiles[]> {
  const rows = await findPackageFiles(
    ctx.db,
    packages.map(({ id }) => id),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return packages.flatMap(({ id }) => byId.get(id) ?? [])
}

/** A package in short. */
export function presentReference(
  urls: Urls,
  extension: DoorExtension,
  details: DoorPackageFiles,
  downloadable: boolean,
) {
  const { version, targetPlatform, engine } = details
  const { namespace, name } = extension
  return {
    url: urls.package({ namespace, name, version, targetPlatform }),
    files: filesOf(urls, extension, details, downloadable),
    version,
    targetPlatform,
    engines: { vscode: engine },
  }
}

/** As many reviews as one answer holds; the protocol knows no pages of them. */
const MAX_REVIEWS = 100

/** The newest reviews. @throws EXTENSION_NOT_FOUND */
export async function getReviews(ctx: Ctx, address: Address) {
  const [extension] = await findDoorExtensions(ctx.db, { identifier: identifierOf(address) })
  if (extension?.status !== 'published') throw extensionNotFound(address)
  const { items } = await listReviews(ctx, { id: extension.identifier, sort: 'newest', limit: MAX_REVIEWS })
  return {
    averageRating: averageOf(extension),
    reviewCount: extension.ratingCount,
    reviews: items.map((review) => ({
      user: { loginName: review.author.name },
      timestamp: review.createdAt.toISOString(),
      title: review.title,
      comment: review.body,
      rating: review.stars,
    })),
  }
}

/** What a file's name in an address means. */
export type DoorFile =
  | { kind: 'package' | 'signature' | 'asset'; fileName: string }
  | { kind: 'sha256'; digest: string }

/** The file of a package that a name means, or undefined. Names of the package itself in any case. */
export function fileNamed(
  { extension, details }: Omit<Shown, 'downloadable'>,
  fileName: string,
): DoorFile | undefined {
  const { namespace, name } = extension
  const { version, targetPlatform, assets } = details
  const is = (ending: 'vsix' | 'sigzip' | 'sha256'): boolean =>
    fileName.toLowerCase() ===
    packageFileName({ namespace, name, version, targetPlatform }, ending).toLowerCase()
  if (is('vsix')) return { kind: 'package', fileName: 'package.vsix' }
  if (is('sigzip')) return { kind: 'signature', fileName: assets.signature }
  if (is('sha256')) return { kind: 'sha256', digest: details.sha256.toString('hex') }
  return Object.values(assets).includes(fileName) ? { kind: 'asset', fileName } : undefined
}
