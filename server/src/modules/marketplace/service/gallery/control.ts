import type { Deps } from '../../../../deps.ts'
import { findDisplayNames } from '../../queries/gallery.ts'
import { controlList } from '../kill-list.ts'

interface Deprecation {
  /** It may still be installed: people who know what they want may have it. */
  disallowInstall: boolean
  extension?: { id: string; displayName: string }
  additionalInfo?: string
}

/**
 * What editors read every few hours: extensions that they must remove, and those that are deprecated, with what to use instead.
 * Source: `IRawExtensionsControlManifest` of microsoft/vscode.
 */
export interface ControlFile {
  /** `publisher.name`, lower case. */
  malicious: string[]
  deprecated: Record<string, Deprecation>
  migrateToPreRelease: Record<string, never>
  search: never[]
}

export async function controlFile(deps: Deps): Promise<ControlFile> {
  const { malicious, deprecated } = await controlList({ deps })
  const replacements = [...new Set(Object.values(deprecated).flatMap(({ replacedBy }) => replacedBy ?? []))]
  const names = new Map(
    replacements.length === 0
      ? []
      : (await findDisplayNames(deps.sql, replacements)).map((row) => [row.identifier, row.displayName]),
  )
  return {
    malicious,
    deprecated: Object.fromEntries(
      Object.entries(deprecated).map(([id, { message, replacedBy }]): [string, Deprecation] => [
        id,
        {
          disallowInstall: false,
          ...(replacedBy
            ? { extension: { id: replacedBy, displayName: names.get(replacedBy) ?? replacedBy } }
            : {}),
          ...(message ? { additionalInfo: message } : {}),
        },
      ]),
    ),
    migrateToPreRelease: {},
    search: [],
  }
}
