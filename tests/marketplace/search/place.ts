import { newId } from '@devforge/db'
import { DAY } from '@devforge/server/clock'
import { indexExtension } from '@devforge/server/modules/marketplace/service/search/index-extension'
import { engineFloor } from '@devforge/server/modules/marketplace/vsix/versions'
import type { TestApp } from '../../support/app.ts'

/** An extension of a catalog that is only searched: rows without packages. */
export interface Entry {
  /** `publisher.name`. */
  id: string
  displayName?: string
  description?: string
  categories?: string[]
  tags?: string[]
  installs?: number
  /** Average and number of its ratings. */
  rating?: [average: number, count: number]
  platforms?: string[]
  engine?: string
  paid?: boolean
  verified?: boolean
  deprecated?: boolean
  featured?: boolean
  /** Age of the first and of the newest version. */
  days?: number
  updatedDays?: number
}

/** Puts entries into the catalog, indexed as publishing indexes them. @returns the rows' ids by `publisher.name` */
export async function place(t: TestApp, entries: Entry[]): Promise<Map<string, string>> {
  const now = t.clock.now()
  const { sql, db } = t.deps
  const marked = now.toISOString()
  const ids = new Map<string, string>()
  for (const entry of entries) {
    const [publisher = '', name = ''] = entry.id.split('.')
    const id = newId('ext')
    const [average, count] = entry.rating ?? [0, 0]
    const ago = (days: number): string => new Date(now.getTime() - days * DAY).toISOString()
    const days = entry.days ?? 900
    const verified = entry.verified ? marked : null
    await sql`
        insert into publishers (id, name, name_key, display_name, domain_verified_at)
        values (${newId('pub')}, ${publisher}, ${publisher.toLowerCase()}, ${publisher}, ${verified})
        on conflict (name_key) do nothing`
    await sql`
        insert into extensions (id, publisher_id, name, identifier, status, display_name, description, categories, tags, latest_version,
          target_platforms, engine_floor, installs, rating_count, rating_sum, paid, deprecated_at, featured_at, published_at, released_at)
        select ${id}, p.id, ${name}, ${entry.id.toLowerCase()}, 'published', ${entry.displayName ?? name}, ${entry.description ?? ''},
          ${entry.categories ?? ['Other']}, ${entry.tags ?? []}, '1.0.0', ${entry.platforms ?? ['universal']},
          ${engineFloor(entry.engine ?? '^1.80.0')}, ${entry.installs ?? 0}, ${count}, ${Math.round(average * count)}, ${entry.paid ?? false},
          ${entry.deprecated ? marked : null}, ${entry.featured ? marked : null}, ${ago(days)}, ${ago(entry.updatedDays ?? Math.min(60, days))}
        from publishers p where p.name_key = ${publisher.toLowerCase()}`
    await indexExtension(db, id, now)
    ids.set(entry.id, id)
  }
  return ids
}
