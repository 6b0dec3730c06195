import type { Sql } from '@devforge/db'
import type { ListingCounters } from '../gallery/present.ts'

/** An extension of an answer: its listing where the caller has none of this revision, and what is put into it. */
export interface ListingRow extends ListingCounters {
  id: string
  paid: boolean
  /** Null when the extension was never rendered. */
  revision: number | null
  /** Null when the caller's revision is current, or when there is none. */
  body: string | null
}

const COUNTERS = `e.id, e.paid, e.installs::float8 as installs, e.rating_count as "ratingCount", e.rating_sum::float8 as "ratingSum",
  p.uuid as "publisherUuid", p.name as "publisherName", p.display_name as "publisherDisplayName",
  case when p.domain_verified_at is not null then p.domain end as "verifiedDomain", l.revision`

const TABLES = `join publishers p on p.id = e.publisher_id left join extension_listings l on l.extension_id = e.id`

/** Taken down means removed, whatever became of the versions. */
const LISTED = `e.status = 'published'`

/**
 * The listings of a page in the order of `ids`, cut down for pages. Texts are sent only where `revisions`, what the caller has in
 * memory (0 for nothing), is not current.
 */
export const findPageListings = (sql: Sql, ids: string[], revisions: number[]): Promise<ListingRow[]> =>
  sql<ListingRow[]>`
    select ${sql.unsafe(COUNTERS)},
      case when l.revision is distinct from q.revision then coalesce(l.page, l.latest) end as body
    from unnest(${ids}::text[], ${revisions}::int[]) with ordinality as q(id, revision, place)
    join extensions e on e.id = q.id
    ${sql.unsafe(TABLES)}
    where ${sql.unsafe(LISTED)}
    order by q.place`

/** The whole listings of extensions that are asked for by name or by uuid, in that order. */
export const findListings = (
  sql: Sql,
  { names, uuids }: { names: string[]; uuids: string[] },
): Promise<ListingRow[]> => sql<ListingRow[]>`
    select ${sql.unsafe(COUNTERS)}, l.latest as body
    from (
      select e.id as extension_id, q.place from unnest(${names}::text[]) with ordinality as q(name, place)
        join extensions e on e.identifier = q.name
      union all
      select e.id, ${names.length}::int + q.place from unnest(${uuids}::uuid[]) with ordinality as q(uuid, place)
        join extensions e on e.uuid = q.uuid
    ) found
    join extensions e on e.id = found.extension_id
    ${sql.unsafe(TABLES)}
    where ${sql.unsafe(LISTED)}
    order by found.place`

export interface LatestRow extends ListingRow {
  /** When something of the publisher changed, in milliseconds since 1970. */
  publisherChangedMs: number
}

/**
 * The newest versions of one extension, for editors that look for updates.
 * @param known what the caller has: its text is left out when that is current
 */
export const findLatest = (
  sql: Sql,
  name: string,
  known: { revision: number; publisherChangedMs: number },
): Promise<LatestRow[]> => sql<LatestRow[]>`
    select ${sql.unsafe(COUNTERS)}, (extract(epoch from p.updated_at) * 1000)::float8 as "publisherChangedMs",
      case when l.revision is distinct from ${known.revision}::int
        or (extract(epoch from p.updated_at) * 1000)::float8 <> ${known.publisherChangedMs}::float8
        then l.latest end as body
    from extensions e
    ${sql.unsafe(TABLES)}
    where e.identifier = ${name} and ${sql.unsafe(LISTED)}`

/** A package, as far as the routes of its files need to know it. */
export interface PackageRow {
  extensionId: string
  identifier: string
  paid: boolean
  version: string
  targetPlatform: string
  storagePrefix: string
  sha256: string
  sizeBytes: number
  assets: {
    manifest?: string
    vsixManifest?: string
    signature?: string
    readme?: string
    changelog?: string
    license?: string
    icon?: string
  }
}

/**
 * The packages of one version, one for each platform. Yanked ones are found, too: whoever names a version exactly may have it.
 * Nothing of a removed extension is.
 */
export const findPackages = (sql: Sql, name: string, version: string): Promise<PackageRow[]> =>
  sql<PackageRow[]>`
    select e.id as "extensionId", e.identifier, e.paid, v.version, v.target_platform as "targetPlatform",
      v.storage_prefix as "storagePrefix", encode(v.sha256, 'hex') as sha256, v.size_bytes::float8 as "sizeBytes", v.assets
    from extensions e
    join extension_versions v on v.extension_id = e.id
    where e.identifier = ${name} and e.status <> 'removed' and v.version = ${version} and v.status <> 'removed'
    order by v.target_platform`

/** The id of an extension, whatever became of it; for counting. */
export async function findExtensionId(sql: Sql, name: string): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`select id from extensions where identifier = ${name}`
  return row?.id ?? null
}

/** What extensions call themselves, by `publisher.name` in lower case. */
export const findDisplayNames = (
  sql: Sql,
  identifiers: string[],
): Promise<{ identifier: string; displayName: string }[]> =>
  sql<{ identifier: string; displayName: string }[]>`
    select identifier, display_name as "displayName" from extensions
    where identifier = any(${identifiers}::text[]) and status = 'published'`
