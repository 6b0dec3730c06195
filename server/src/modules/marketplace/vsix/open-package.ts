import type { RandomAccess } from '../../../files/types.ts'
import { checkData, openStrangeArchive } from './archive/open-archive.ts'
import { createFindings, type Findings, invalidPackage } from './findings.ts'
import { defaultLimits, type PackageLimits } from './limits.ts'
import { checkAgreement, isPreRelease, targetPlatformOf } from './manifest/agreement.ts'
import { readAssets } from './manifest/assets.ts'
import { parseStrictJson } from './manifest/json.ts'
import { readLinks } from './manifest/links.ts'
import { localizedLanguages, PACKAGE_JSON, readPackageJson } from './manifest/package-json.ts'
import { decodeManifest } from './manifest/text.ts'
import { checkDisplayName, checkTexts } from './manifest/texts.ts'
import { parseVsixManifest } from './manifest/vsix-manifest.ts'
import type { Archive, VsixPackage } from './types.ts'
import { engineFloor } from './versions.ts'

const VSIX_MANIFEST = 'extension.vsixmanifest'

export interface OpenOptions {
  limits?: Partial<PackageLimits>
  /** Does not unpack every file to see whether sizes and CRCs are true: for a package that has been opened without it before. */
  skipData?: boolean
}

/**
 * Opens an extension package by a stranger: its archive must be honest, its manifests sound, and both must say the same. Nothing is
 * written to disk, and no more than a chunk of a file is in memory.
 * @param source stays open; `close()` of the package closes it, and so does a failure
 * @throws VSIX_INVALID with all findings; what goes wrong while reading `source` is thrown as it is
 */
export async function openPackage(source: RandomAccess, options: OpenOptions = {}): Promise<VsixPackage> {
  const limits = { ...defaultLimits, ...options.limits }
  const findings = createFindings()
  try {
    const archive = await openStrangeArchive(source, limits, findings)
    if (findings.hasErrors) throw invalidPackage(findings.list())
    if (!options.skipData) await checkData(archive, findings)
    const opened = await readManifests(archive, limits, findings)
    if (!opened || findings.hasErrors) throw invalidPackage(findings.list())
    return opened
  } catch (error) {
    await source.close()
    throw error
  }
}

async function readManifests(
  archive: Archive,
  limits: PackageLimits,
  findings: Findings,
): Promise<VsixPackage | null> {
  const jsonText = await readText(archive, PACKAGE_JSON, limits, findings)
  const vsixText = await readText(archive, VSIX_MANIFEST, limits, findings)
  const manifest = jsonText === null ? null : parseStrictJson(jsonText, PACKAGE_JSON, findings)
  const vsix = vsixText === null ? null : parseVsixManifest(vsixText, findings)
  const json = manifest && readPackageJson(manifest, findings)
  if (!manifest || !json || !vsix || vsixText === null) return null

  checkAgreement(json, vsix, findings)
  checkTexts(vsix, findings)
  await checkDisplayName(archive, json, vsix, limits, findings)
  const files = readAssets(archive, json, vsix, limits, findings)
  const links = readLinks(manifest, vsix, findings)
  return {
    ...archive,
    ...links,
    identity: {
      publisher: json.publisher,
      name: json.name,
      version: json.version,
      targetPlatform: targetPlatformOf(vsix),
      preRelease: isPreRelease(vsix),
    },
    displayName: vsix.displayName.trim(),
    description: vsix.description.trim(),
    categories: vsix.categories,
    tags: vsix.tags,
    engine: json.engines.vscode,
    engineFloor: engineFloor(json.engines.vscode),
    dependencies: json.extensionDependencies,
    packMembers: json.extensionPack,
    localizedLanguages: localizedLanguages(manifest),
    executesCode: Boolean(json.main || json.browser),
    license: typeof manifest.license === 'string' ? manifest.license : undefined,
    preview: vsix.galleryFlags.includes('Preview'),
    pricing: json.pricing ?? undefined,
    manifest,
    vsixManifest: vsixText,
    files,
    findings: findings.list(),
  }
}

async function readText(
  archive: Archive,
  file: string,
  limits: PackageLimits,
  findings: Findings,
): Promise<string | null> {
  if (!archive.entry(file)) {
    findings.error('manifest-missing', `The package has no ${file}.`)
    return null
  }
  try {
    return decodeManifest(await archive.readEntry(file, limits.maxManifestBytes), file, findings)
  } catch (error) {
    findings.absorb(error)
    return null
  }
}
