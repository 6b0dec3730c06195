import { renderListing } from '../../src/modules/marketplace/gallery/render.ts'
import { skeletonOf } from '../../src/modules/marketplace/lookalikes/skeleton.ts'
import { searchDocument } from '../../src/modules/marketplace/service/search/document.ts'
import { engineFloor, versionOrder } from '../../src/modules/marketplace/vsix/versions.ts'
import { line } from '../copy.ts'
import type { SeededExtension, SeededPublisher, SeededVersion } from './generate.ts'

/** Rows as the real code would have written them, in the text format of COPY. */

/** Tables of a catalog with the columns that `linesOf` fills. */
export const TABLES = {
  publishers: 'id, uuid, name, name_key, display_name, domain, domain_verified_at, created_at',
  publisher_members: 'publisher_id, user_id, role',
  extensions: `id, uuid, publisher_id, name, identifier, status, display_name, name_skeleton, display_name_skeleton, description, categories,
    tags, latest_version, latest_version_id, target_platforms, engine_floor, license, repository_url, has_icon, preview, deprecated_at,
    deprecation_message, installs, downloads, rating_count, rating_sum, published_at, released_at, created_at`,
  extension_versions: `id, extension_id, version, version_order, target_platform, pre_release, sha256, size_bytes, signature, signature_kid,
    manifest, engine, executes_code, storage_prefix, assets, submission_id, published_by, published_at`,
  extension_search: `no, extension_id, identifier, prior, installs, rating, trending, released_at, published_at, engine_floor, title_key,
    title_squash, name_squash, publisher_key, title_words, document`,
  extension_listings: 'extension_id, latest, page, rendered_at',
  ratings: 'id, extension_id, user_id, stars, created_at',
} as const
export type Table = keyof typeof TABLES

const SIGNATURE = `\\x${'00'.repeat(64)}`
const SHA256 = `\\x${'5e'.repeat(32)}`
const ASSETS = {
  manifest: 'package.json',
  vsixManifest: 'extension.vsixmanifest',
  sbom: 'sbom.cdx.json',
  signature: 'package.sigzip',
  readme: 'readme.md',
  changelog: 'changelog.md',
  license: 'license.txt',
}

export const publisherLines = (publisher: SeededPublisher, owner: string, now: Date): [Table, string][] => [
  [
    'publishers',
    line([
      publisher.id,
      publisher.uuid,
      publisher.name,
      publisher.name.toLowerCase(),
      publisher.displayName,
      publisher.verified ? `${publisher.name}.example` : null,
      publisher.verified ? now : null,
      now,
    ]),
  ],
  ['publisher_members', line([publisher.id, owner, 'owner'])],
]

/** Everything of one extension. @param no its number in the search @param words is told each word that goes into the vocabulary */
export function extensionLines(
  extension: SeededExtension,
  {
    no,
    owner,
    raters,
    now,
    words,
  }: { no: number; owner: string; raters: string[]; now: Date; words: Map<string, number> },
): [Table, string][] {
  const { publisher, versions } = extension
  const latest = versions.find((version) => !version.preRelease) ?? versions[0]
  if (!latest) throw new Error('an extension has a version')
  const targetPlatforms = [...new Set(versions.map((version) => version.targetPlatform))]
  const identifier = `${publisher.name}.${extension.name}`.toLowerCase()
  const repositoryUrl = `https://git.example/${publisher.name}/${extension.name}`
  const floor = engineFloor(latest.engine)
  const assets = extension.hasIcon ? { ...ASSETS, icon: 'icon.png' } : ASSETS
  const { vocabulary, ...found } = searchDocument({
    ...extension,
    publisher: publisher.name,
    publisherDisplayName: publisher.displayName,
    targetPlatforms,
    paid: false,
    featured: false,
  })
  for (const word of vocabulary) words.set(word, (words.get(word) ?? 0) + 1)
  const rendered = renderListing(
    { ...extension, publisherName: publisher.name, repositoryUrl, bugsUrl: null },
    versions.map((version) => ({
      ...version,
      versionOrder: versionOrder(version.version),
      dependencies: [],
      packMembers: [],
      localizedLanguages: [],
      executesCode: true,
      apiProposals: [],
      sponsorUrl: null,
      assets,
    })),
  )
  const { id, installs, stars, publishedAt, releasedAt } = extension
  return [
    [
      'extensions',
      line([
        id,
        extension.uuid,
        publisher.id,
        extension.name,
        identifier,
        'published',
        extension.displayName,
        skeletonOf(extension.name),
        skeletonOf(extension.displayName),
        extension.description,
        extension.categories,
        extension.tags,
        latest.version,
        latest.id,
        targetPlatforms,
        floor,
        'MIT',
        repositoryUrl,
        extension.hasIcon,
        extension.preview,
        extension.deprecated ? releasedAt : null,
        extension.deprecated ? 'No longer kept up.' : null,
        installs,
        Math.floor(installs * 1.3),
        stars.length,
        stars.reduce((sum, one) => sum + one, 0),
        publishedAt,
        releasedAt,
        publishedAt,
      ]),
    ],
    ...versions.map((version): [Table, string] => [
      'extension_versions',
      versionLine(extension, version, { owner, assets: JSON.stringify(assets) }),
    ]),
    [
      'extension_search',
      line([
        no,
        id,
        identifier,
        // What ranks is counted for all at once, as the hourly job does.
        0,
        installs,
        0,
        0,
        releasedAt,
        publishedAt,
        floor,
        found.titleKey,
        found.titleSquash,
        found.nameSquash,
        found.publisherKey,
        found.titleWords,
        found.document,
      ]),
    ],
    ['extension_listings', line([id, rendered.latest, rendered.page, now])],
    ...stars.map((one, i): [Table, string] => [
      'ratings',
      line([`rat_${id.slice(4)}${i}`, id, raters[i] ?? '', one, releasedAt]),
    ]),
  ]
}

function versionLine(
  extension: SeededExtension,
  version: SeededVersion,
  { owner, assets }: { owner: string; assets: string },
): string {
  const manifest = {
    name: extension.name,
    publisher: extension.publisher.name,
    version: version.version,
    displayName: extension.displayName,
    description: extension.description,
    engines: { vscode: version.engine },
    categories: extension.categories,
    keywords: extension.tags,
    main: './extension.js',
  }
  return line([
    version.id,
    extension.id,
    version.version,
    versionOrder(version.version),
    version.targetPlatform,
    version.preRelease,
    SHA256,
    40_000,
    SIGNATURE,
    'seed',
    JSON.stringify(manifest),
    version.engine,
    true,
    `extensions/${extension.id}/${version.version}/${version.targetPlatform}/`,
    assets,
    `smn_${version.id.slice(4)}`,
    owner,
    version.publishedAt,
  ])
}
