import type { Request, Response } from 'express'
import type pg from 'pg'

const WHERE = `
  where e.status = 'published'
    and (e.display_name ilike $1 or e.name ilike $1 or e.description ilike $1 or p.name ilike $1 or array_to_string(e.tags, ' ') ilike $1)`

const PAGE = `
  select e.identifier, e.name, p.name as publisher, p.display_name as "publisherName", e.display_name as "displayName", e.description,
    e.categories, e.tags, e.latest_version as version, e.installs, e.downloads, e.published_at as "publishedAt",
    e.released_at as "updatedAt", coalesce(avg(r.stars), 0)::float as average, count(r.id)::int as ratings
  from extensions e
  join publishers p on p.id = e.publisher_id
  left join ratings r on r.extension_id = e.id
  ${WHERE}
  group by e.id, p.id
  order by e.installs desc, average desc
  limit 20`

const COUNT = `select count(*)::int as total from extensions e join publishers p on p.id = e.publisher_id ${WHERE}`

/** Search the usual way: ILIKE over the columns, ratings aggregated for every row that matches, and a count of all. */
export const search =
  (pool: pg.Pool) =>
  async (req: Request, res: Response): Promise<void> => {
    const text = `%${String(req.query.q).replace(/[\\%_]/g, '\\$&')}%`
    const [page, count] = await Promise.all([pool.query(PAGE, [text]), pool.query(COUNT, [text])])
    res.json({ items: page.rows, total: count.rows[0]?.total })
  }
