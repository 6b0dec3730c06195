import type { Sql } from '@devforge/db'

/** An extension as lists show it. Only published ones are listed. */
export interface ListedExtension {
  id: string
  uuid: string
  identifier: string
  publisherId: string
  publisher: string
  publisherUuid: string
  publisherDisplayName: string
  publisherDomain: string | null
  publisherVerified: boolean
  name: string
  displayName: string
  description: string
  categories: string[]
  tags: string[]
  latestVersion: string | null
  latestVersionId: string | null
  targetPlatforms: string[]
  hasIcon: boolean
  preview: boolean
  paid: boolean
  deprecated: boolean
  deprecationMessage: string | null
  replacedBy: string | null
  featured: boolean
  installs: number
  downloads: number
  ratingCount: number
  /** 0 while nobody has rated. */
  averageRating: number
  publishedAt: Date | null
  releasedAt: Date | null
}

const LISTED = `
select e.id, e.uuid, e.identifier, e.publisher_id as "publisherId", p.name as publisher, p.uuid as "publisherUuid",
  p.display_name as "publisherDisplayName", p.domain as "publisherDomain", p.domain_verified_at is not null as "publisherVerified",
  e.name, e.display_name as "displayName", e.description, e.categories, e.tags, e.latest_version as "latestVersion",
  e.latest_version_id as "latestVersionId", e.target_platforms as "targetPlatforms", e.has_icon as "hasIcon", e.preview, e.paid,
  e.deprecated_at is not null as deprecated, e.deprecation_message as "deprecationMessage", e.replaced_by as "replacedBy",
  e.featured_at is not null as featured, e.installs::float8 as installs, e.downloads::float8 as downloads,
  e.rating_count as "ratingCount", coalesce(e.rating_sum::float8 / nullif(e.rating_count, 0), 0) as "averageRating",
  (extract(epoch from e.published_at) * 1000)::float8 as "publishedAt", (extract(epoch from e.released_at) * 1000)::float8 as "releasedAt"
from extensions e join publishers p on p.id = e.publisher_id
where e.id = any($1::text[]) and e.status = 'published'`

/** As the statement answers: times in milliseconds since 1970, the cheapest way to carry them. */
type Row = Omit<ListedExtension, 'publishedAt' | 'releasedAt'> & {
  publishedAt: number | null
  releasedAt: number | null
}

const toDate = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

export async function findListed(sql: Sql, ids: string[]): Promise<ListedExtension[]> {
  const rows = await sql.unsafe<Row[]>(LISTED, [ids], { prepare: true })
  return rows.map((row) => ({
    ...row,
    publishedAt: toDate(row.publishedAt),
    releasedAt: toDate(row.releasedAt),
  }))
}
