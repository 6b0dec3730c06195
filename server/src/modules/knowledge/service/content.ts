import { AppError } from '../../../errors.ts'
import { versionNumber } from '../editor-version.ts'
import type { ArticleContent, VersionRow } from '../queries/articles.ts'

const FIELDS = [
  'title',
  'summary',
  'body',
  'category',
  'tags',
  'visibility',
  'minVersion',
  'maxVersion',
] as const
export type ContentField = (typeof FIELDS)[number]

/** Changes to a text; what is not given stays. */
export type ContentChange = { [K in ContentField]?: ArticleContent[K] | undefined }

export const contentOf = (version: VersionRow): ArticleContent => ({
  title: version.title,
  summary: version.summary,
  body: version.body,
  category: version.category,
  tags: version.tags,
  visibility: version.visibility,
  minVersion: version.minVersion,
  maxVersion: version.maxVersion,
})

export function changed(content: ArticleContent, change: ContentChange): ArticleContent {
  const given = Object.fromEntries(
    FIELDS.flatMap((field) => (change[field] === undefined ? [] : [[field, change[field]]])),
  )
  return { ...content, ...given }
}

/** Which members of two texts differ. */
export const differing = (a: ArticleContent, b: ArticleContent): ContentField[] =>
  FIELDS.filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]))

/** @throws INVALID_INPUT when the first version of the editor comes after the last */
export function assertVersions({ minVersion, maxVersion }: ArticleContent): void {
  if (minVersion === null || maxVersion === null) return
  if (versionNumber(minVersion) <= versionNumber(maxVersion)) return
  throw new AppError('INVALID_INPUT', {
    issues: [{ path: 'maxVersion', message: 'The last version comes before the first.' }],
  })
}
