import { systemContext } from '@devforge/server/context'
import { processSubmission } from '@devforge/server/modules/marketplace/service/submissions/process'
import { sweepFiles } from '@devforge/server/modules/marketplace/service/submissions/sweep'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Marketplace, openMarketplace } from '../support/marketplace.ts'
import { packVsix, variantOf } from '../support/vsix.ts'

const DAY_MS = 86_400_000

describe('a process that dies, and what it leaves', () => {
  let t: TestApp
  let m: Marketplace
  let base: Uint8Array<ArrayBuffer>
  let patch = 0
  beforeAll(async () => {
    t = await createTestApp()
    m = await openMarketplace(t)
    base = await packVsix({ publisher: m.publisher })
    await m.publish()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const ctx = () => systemContext(t.deps, { type: 'system', job: 'marketplace.process' })
  const submit = async () => {
    const { id } = await m.author.forge.marketplace.submit(variantOf(base, { version: `1.0.${++patch}` }))
    return id
  }
  const status = async (id: string) =>
    (await t.deps.sql`select status from submissions where id = ${id}`)[0]?.status

  async function keys(prefix: string): Promise<string[]> {
    const found: string[] = []
    for await (const { key } of t.deps.files.list(prefix)) found.push(key)
    return found.sort()
  }

  /** The files of versions in the catalog, and those that lie there. */
  async function stray(): Promise<string[]> {
    const rows = await t.deps.sql`select storage_prefix from extension_versions`
    const known = rows.map((row) => `${row.storage_prefix}/`)
    return (await keys('extensions')).filter((key) => !known.some((prefix) => key.startsWith(prefix)))
  }

  it('publishes once, with all its files, although storing them failed at any step before', async () => {
    const id = await submit()
    const { put, putStream, copy, stream } = t.deps.files
    /** Fails the nth write. */
    const failAt = (n: number) => {
      let writes = 0
      const broken = async () => {
        if (++writes === n) throw new Error('the disk is full')
      }
      t.deps.files.put = (...given) => broken().then(() => put(...given))
      t.deps.files.putStream = (...given) => broken().then(() => putStream(...given))
      t.deps.files.copy = (...given) => broken().then(() => copy(...given))
    }
    for (const n of [1, 4, 9]) {
      failAt(n)
      await expect(processSubmission(ctx(), id)).rejects.toThrow('the disk is full')
      expect(await status(id)).toBe('approved')
    }
    Object.assign(t.deps.files, { put, putStream, copy, stream })
    await processSubmission(ctx(), id)
    expect(await status(id)).toBe('published')
    const [row] = await t.deps.sql`select storage_prefix from extension_versions where submission_id = ${id}`
    expect((await keys(row?.storage_prefix)).map((key) => key.split('/').at(-1))).toEqual([
      'changelog.md',
      'extension.vsixmanifest',
      'icon.png',
      'license.txt',
      'package.json',
      'package.sigzip',
      'package.vsix',
      'readme.md',
      'sbom.cdx.json',
    ])
    await t.drain()
  })

  it('takes over from a worker that died over a scan, which then changes nothing any more', async () => {
    const id = await submit()
    // Another process took it and said no more.
    await t.deps
      .sql`update submissions set status = 'scanning', claimed_at = ${t.clock.now().toISOString()}, attempts = 1 where id = ${id}`
    await processSubmission(ctx(), id)
    expect(await status(id)).toBe('scanning')
    t.clock.advance(61_000)
    await t.deps.jobs.enqueue(t.deps.db, 'marketplace.sweep', {})
    await t.drain()
    expect(await status(id)).toBe('published')
  })

  it('is published once by many processes at the same time', async () => {
    const id = await submit()
    await Promise.all(Array.from({ length: 6 }, () => processSubmission(ctx(), id)))
    await t.drain()
    expect(await status(id)).toBe('published')
    const rows = await t.deps.sql`select 1 from extension_versions where submission_id = ${id}`
    expect(rows).toHaveLength(1)
    const events = await t.deps
      .sql`select status from submission_events where submission_id = ${id} order by sequence`
    expect(events.map((row) => row.status)).toEqual(['received', 'scanning', 'approved', 'published'])
  })

  it('sweeps uploads without a submission and what refused publishings left, never what is published or still needed', async () => {
    const { files } = t.deps
    const published = await keys('extensions')
    const waiting = await submit()
    await files.put('incoming/smn_nobody.vsix', 'x', { contentType: 'x' })
    // A publishing that was refused after its files were written, by a process that died before it removed them.
    const refused = await submit()
    const [row] = await t.deps.sql`select storage_prefix from extension_versions limit 1`
    await t.deps
      .sql`update submissions set status = 'rejected', publish_prefix = 'extensions/ext_x/1/universal/left-1' where id = ${refused}`
    await files.put('extensions/ext_x/1/universal/left-1/package.vsix', 'x', { contentType: 'x' })
    // And one whose row says, wrongly, that its files are those of a version in the catalog.
    const wrong = await submit()
    await t.deps
      .sql`update submissions set status = 'rejected', publish_prefix = ${row?.storage_prefix} where id = ${wrong}`

    await sweepFiles(ctx())
    expect(await keys('incoming')).toContain('incoming/smn_nobody.vsix')
    t.clock.advance(2 * DAY_MS)
    await sweepFiles(ctx())
    expect(await keys('incoming')).toEqual(
      [refused, waiting, wrong].map((id) => `incoming/${id}.vsix`).sort(),
    )
    expect(await keys('extensions')).toEqual(published)
    expect(await stray()).toEqual([])
    // Rejected packages are kept for an appeal, for a while.
    t.clock.advance(31 * DAY_MS)
    await sweepFiles(ctx())
    expect(await keys('incoming')).toEqual([`incoming/${waiting}.vsix`])
    await processSubmission(ctx(), waiting)
    expect(await status(waiting)).toBe('published')
  })
})
