import { randomBytes } from 'node:crypto'
import { newId } from '@devforge/db'
import type { TestApp } from './app.ts'
import type { Person } from './people.ts'

/** An extension that stands in the tables without having gone through the pipeline: for tests of what comes after it. */
export interface PlacedExtension {
  /** The row's id. */
  rowId: string
  publisherId: string
  publisher: string
  /** `publisher.name`: what the API calls it. */
  id: string
}

export interface PlaceOptions {
  owner: Person
  /** Default: a publisher of its own. */
  publisher?: { id: string; name: string }
  name?: string
  versions?: string[]
  targetPlatforms?: string[]
  status?: 'published' | 'hidden' | 'removed'
}

const unique = (): string => randomBytes(5).toString('hex')

/** A publisher with one owner. */
export async function placePublisher(t: TestApp, owner: Person): Promise<{ id: string; name: string }> {
  const id = newId('pub')
  const name = `pub${unique()}`
  await t.deps
    .sql`insert into publishers (id, name, name_key, display_name) values (${id}, ${name}, ${name}, ${name})`
  await t.deps.sql`insert into publisher_members (publisher_id, user_id, role, accepted_at)
    values (${id}, ${owner.id}, 'owner', now())`
  return { id, name }
}

/** A published extension with rows of its versions; no files. */
export async function placeExtension(t: TestApp, options: PlaceOptions): Promise<PlacedExtension> {
  const { sql } = t.deps
  const publisher = options.publisher ?? (await placePublisher(t, options.owner))
  const name = options.name ?? `ext${unique()}`
  const rowId = newId('ext')
  const id = `${publisher.name}.${name}`
  const versions = options.versions ?? ['1.0.0']
  const latest = versions.at(-1) ?? null
  await sql`insert into extensions (id, publisher_id, name, identifier, status, display_name, latest_version, published_at, released_at)
    values (${rowId}, ${publisher.id}, ${name}, ${id}, ${options.status ?? 'published'}, ${name}, ${latest}, now(), now())`
  for (const version of versions) {
    for (const targetPlatform of options.targetPlatforms ?? ['universal']) {
      await sql`insert into extension_versions (id, extension_id, version, version_order, target_platform, sha256, size_bytes,
          signature, signature_kid, manifest, engine, executes_code, storage_prefix, assets, submission_id, published_by, published_at)
        values (${newId('exv')}, ${rowId}, ${version}, ${version}, ${targetPlatform}, ${randomBytes(32)}, 1, ${randomBytes(64)},
          'kid', '{}', '^1.80.0', false, ${`extensions/${rowId}/${version}/${targetPlatform}`}, '{}', ${newId('smn')}, ${options.owner.id}, now())`
    }
  }
  return { rowId, publisherId: publisher.id, publisher: publisher.name, id }
}
