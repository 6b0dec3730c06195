import type { ExtensionAssets, VersionListing } from '@devforge/db'
import type { Ctx } from '../../../../context.ts'
import type { SubmissionRow } from '../../queries/submissions.ts'
import { buildSbom, openPackage } from '../../vsix/index.ts'
import type { VsixPackage } from '../../vsix/types.ts'
import { readContents } from './contents.ts'
import { signatureArchive } from './signature-archive.ts'

export const PACKAGE_FILE = 'package.vsix'
const OCTETS = 'application/octet-stream'
const JSON_TYPE = 'application/json'
const MARKDOWN = 'text/markdown; charset=utf-8'

const ICON_TYPES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
}

/** What is known of a package once its files lie where they stay. */
export interface StoredPackage {
  assets: ExtensionAssets
  signature: Buffer
  signatureKid: string
  nativeBinaries: string[]
  listing: VersionListing
  manifest: Record<string, unknown>
  engine: string
  dependencies: string[]
  packMembers: string[]
  localizedLanguages: string[]
  executesCode: boolean
  /** As the package spells it. */
  name: string
}

/**
 * Writes a package and what is served of it beside it under a prefix of its own. Doing it again, after a crash, writes the same
 * files again.
 */
export async function storePackage(ctx: Ctx, row: SubmissionRow, prefix: string): Promise<StoredPackage> {
  const { files, signer } = ctx.deps
  const access = await files.open(row.storageKey)
  try {
    const pkg = await openPackage(access, { skipData: true })
    try {
      await files.copy(row.storageKey, `${prefix}/${PACKAGE_FILE}`)
      const assets = await storeAssets(ctx, pkg, prefix)
      // Of the bytes as they are served, not as they were sent.
      const { kid, signature } = await signer.signBytes(
        'package',
        () => files.stream(`${prefix}/${PACKAGE_FILE}`),
        row.sha256,
      )
      const { digests, nativeBinaries } = await readContents(pkg)
      const { sha256, sizeBytes } = row
      const archive = signatureArchive({ signature, sha256, sizeBytes, digests })
      await files.put(`${prefix}/${assets.signature}`, archive, { contentType: OCTETS })
      return { ...describePackage(pkg), assets, signature, signatureKid: kid, nativeBinaries }
    } finally {
      await pkg.close()
    }
  } finally {
    await access.close()
  }
}

async function storeAssets(ctx: Ctx, pkg: VsixPackage, prefix: string): Promise<ExtensionAssets> {
  const { files } = ctx.deps
  const assets: ExtensionAssets = {
    manifest: 'package.json',
    vsixManifest: 'extension.vsixmanifest',
    sbom: 'sbom.cdx.json',
    signature: 'package.sigzip',
  }
  const store = (name: string, entry: string, contentType: string): Promise<void> =>
    files.putStream(`${prefix}/${name}`, pkg.streamEntry(entry), { contentType })

  await store(assets.manifest, 'extension/package.json', JSON_TYPE)
  await files.put(`${prefix}/${assets.vsixManifest}`, pkg.vsixManifest, { contentType: 'application/xml' })
  await files.put(`${prefix}/${assets.sbom}`, await buildSbom(pkg), { contentType: JSON_TYPE })
  const { readme, changelog, license, icon } = pkg.files
  if (readme !== undefined) {
    assets.readme = 'readme.md'
    await store(assets.readme, readme, MARKDOWN)
  }
  if (changelog !== undefined) {
    assets.changelog = 'changelog.md'
    await store(assets.changelog, changelog, MARKDOWN)
  }
  if (license !== undefined) {
    assets.license = 'license.txt'
    await store(assets.license, license, 'text/plain; charset=utf-8')
  }
  const extension = icon?.split('.').at(-1)?.toLowerCase() ?? ''
  const iconType = ICON_TYPES[extension]
  if (icon !== undefined && iconType !== undefined) {
    assets.icon = `icon.${extension}`
    await store(assets.icon, icon, iconType)
  }
  return assets
}

function describePackage(
  pkg: VsixPackage,
): Omit<StoredPackage, 'assets' | 'signature' | 'signatureKid' | 'nativeBinaries'> {
  const { license, repositoryUrl, homepageUrl, bugsUrl } = pkg
  return {
    listing: {
      displayName: pkg.displayName,
      description: pkg.description,
      categories: pkg.categories,
      tags: pkg.tags,
      engineFloor: pkg.engineFloor,
      preview: pkg.preview,
      ...(license === undefined ? {} : { license }),
      ...(repositoryUrl === undefined ? {} : { repositoryUrl }),
      ...(homepageUrl === undefined ? {} : { homepageUrl }),
      ...(bugsUrl === undefined ? {} : { bugsUrl }),
    },
    manifest: pkg.manifest,
    engine: pkg.engine,
    dependencies: pkg.dependencies,
    packMembers: pkg.packMembers,
    localizedLanguages: pkg.localizedLanguages,
    executesCode: pkg.executesCode,
    name: pkg.identity.name,
  }
}
