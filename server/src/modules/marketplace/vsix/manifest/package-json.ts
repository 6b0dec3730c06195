import { valid } from 'semver'
import { z } from 'zod'
import type { Findings } from '../findings.ts'
import { isEngineRange } from '../versions.ts'
import { isObject } from './json.ts'

export const PACKAGE_JSON = 'extension/package.json'

const MAX_NAME_LENGTH = 128
/** vsce's rule for publishers and names. */
const NAME = /^[a-z0-9][a-z0-9-]*$/i
const EXTENSION_ID = /^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$/i

const name = z
  .string()
  .max(MAX_NAME_LENGTH)
  .regex(NAME, 'Use letters, digits and hyphens, starting with a letter or digit.')

const extensionIds = z
  .array(
    z
      .string()
      .max(2 * MAX_NAME_LENGTH)
      .regex(EXTENSION_ID, 'Name extensions as publisher.name.'),
  )
  .max(500)
  .nullish()
  .transform((ids) => [...new Set((ids ?? []).map((id) => id.toLowerCase()))])

const optionalText = z.string().nullish()

/** The part of `package.json` that decides something here; everything else passes. Nothing that vsce packs is refused but what editors could not compare. */
const schema = z.looseObject({
  publisher: name,
  name,
  version: z
    .string()
    .max(100)
    .refine(
      (version) => valid(version) === version,
      'Write the version as major.minor.patch, with a pre-release at most (1.2.0-beta.1); no "v", no build.',
    ),
  engines: z.looseObject({
    vscode: z.string().max(64).refine(isEngineRange, 'Write the range as ^1.80.0, >=1.80.0, 1.80.x or *.'),
  }),
  extensionDependencies: extensionIds,
  extensionPack: extensionIds,
  displayName: optionalText,
  description: optionalText,
  main: optionalText,
  browser: optionalText,
  icon: optionalText,
  pricing: z.enum(['Free', 'Trial']).nullish(),
})

export type PackageJson = z.infer<typeof schema>

/** @returns null when a field that matters is missing or wrong; findings name each */
export function readPackageJson(manifest: Record<string, unknown>, findings: Findings): PackageJson | null {
  const parsed = schema.safeParse(manifest)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) {
    findings.error('manifest-field', `${issue.path.join('.')}: ${issue.message}`, { file: PACKAGE_JSON })
  }
  return null
}

/** Names of the languages a language pack brings, as vsce puts them into its manifest. */
export function localizedLanguages(manifest: Record<string, unknown>): string[] {
  const { contributes } = manifest
  const localizations = isObject(contributes) ? contributes.localizations : undefined
  if (!Array.isArray(localizations)) return []
  const names = localizations.map((entry: unknown) =>
    isObject(entry) ? (entry.localizedLanguageName ?? entry.languageName ?? entry.languageId) : undefined,
  )
  return [...new Set(names.filter((value) => typeof value === 'string'))]
}
