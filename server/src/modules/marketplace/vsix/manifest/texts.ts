import { type Findings, isInvalidPackage } from '../findings.ts'
import { hasHiddenCharacters } from '../hidden.ts'
import type { PackageLimits } from '../limits.ts'
import type { Archive } from '../types.ts'
import { isObject } from './json.ts'
import { PACKAGE_JSON, type PackageJson } from './package-json.ts'
import type { VsixManifest } from './vsix-manifest.ts'

const FILE = 'extension.vsixmanifest'
const MAX_DISPLAY_NAME_LENGTH = 256
const MAX_DESCRIPTION_LENGTH = 4_096
const MAX_TAGS = 1_000
const MAX_TAG_LENGTH = 100

/** The words by which people find an extension: nothing hidden in names, nothing endless. */
export function checkTexts(vsix: VsixManifest, findings: Findings): void {
  const hidden = (what: string) =>
    findings.error(
      'hidden-characters',
      `${what} holds characters that cannot be seen or that turn its direction.`,
      { file: FILE },
    )
  const tooLong = (what: string, most: number) =>
    findings.error('manifest-field', `${what} is longer than ${most} characters.`, { file: FILE })

  if (vsix.displayName.trim() === '') {
    findings.error('manifest-field', 'The extension has no display name.', { file: FILE })
  }
  if (vsix.displayName.length > MAX_DISPLAY_NAME_LENGTH) tooLong('The display name', MAX_DISPLAY_NAME_LENGTH)
  if (vsix.description.length > MAX_DESCRIPTION_LENGTH) tooLong('The description', MAX_DESCRIPTION_LENGTH)
  if (/\p{Cc}/u.test(vsix.displayName) || hasHiddenCharacters(vsix.displayName)) hidden('The display name')
  if (/[\u202A-\u202E\u2066-\u2069]/.test(vsix.description)) hidden('The description')

  for (const tag of [...vsix.tags, ...vsix.categories]) {
    if (hasHiddenCharacters(tag)) hidden('A tag or category')
    if (tag.length > MAX_TAG_LENGTH) tooLong('A tag or category', MAX_TAG_LENGTH)
  }
  if (vsix.tags.length > MAX_TAGS) {
    findings.error('manifest-field', `There are more than ${MAX_TAGS} tags.`, { file: FILE })
  }
}

/** `%key%` stands for a text of `package.nls.json`; vsce's rule. */
const PLACEHOLDER = /^%([\w\d.]+)%$/

/**
 * The name in the gallery and the one the editor shows once it is installed. Where they differ a person looks at it: one of them may
 * be another extension's.
 */
export async function checkDisplayName(
  archive: Archive,
  json: PackageJson,
  vsix: VsixManifest,
  limits: PackageLimits,
  findings: Findings,
): Promise<void> {
  const written = json.displayName ?? json.name
  const key = PLACEHOLDER.exec(written)?.[1]
  const installed = key === undefined ? written : await translation(archive, key, limits)
  if (installed === null || sameText(installed, vsix.displayName)) return
  findings.add({
    rule: 'display-name',
    severity: 'hold',
    message: `In the gallery it is called "${vsix.displayName}", in the editor "${installed}".`,
    file: PACKAGE_JSON,
  })
}

const sameText = (a: string, b: string): boolean =>
  a.replace(/\s+/g, ' ').trim() === b.replace(/\s+/g, ' ').trim()

async function translation(archive: Archive, key: string, limits: PackageLimits): Promise<string | null> {
  const file = 'extension/package.nls.json'
  if (!archive.entry(file)) return null
  try {
    const texts: unknown = JSON.parse(
      (await archive.readEntry(file, limits.maxManifestBytes)).toString('utf8'),
    )
    const value = isObject(texts) ? texts[key] : undefined
    return typeof value === 'string' ? value : null
  } catch (error) {
    // Comments are allowed there, and editors forgive more than that; what cannot be read says nothing.
    if (error instanceof SyntaxError || isInvalidPackage(error)) return null
    throw error
  }
}
