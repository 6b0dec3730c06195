import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { zipOf } from '../../support/zip.ts'
import { archiveWith, honestEntries, open, refusals } from './reading.ts'

const FILE = 'extension/x.bin'
const MIB = 1024 * 1024

it('refuses a gigabyte of zeros by what its header says, without unpacking it', async () => {
  const entry = {
    name: FILE,
    raw: Buffer.alloc(1_043_000, 1),
    local: { uncompressedSize: 1024 * MIB },
    central: { uncompressedSize: 1024 * MIB },
  }
  const archive = await archiveWith(entry)
  const start = performance.now()
  expect(await refusals(archive)).toEqual([`zip-bomb ${FILE}`, 'zip-bomb'])
  expect(performance.now() - start).toBeLessThan(500)
})

it('refuses what unpacks to far more than it takes', async () => {
  const entry = { name: FILE, data: Buffer.alloc(4 * MIB) }
  expect(await refusals(await archiveWith(entry))).toEqual([`zip-bomb ${FILE}`])
})

it('takes small files that are all alike, and large ones that pack well', async () => {
  expect(await refusals(await archiveWith({ name: FILE, data: Buffer.alloc(MIB) }))).toEqual([])
  const table = Array.from({ length: 60_000 }, (_, row) => `[${row}, "name-${row % 97}", 0, 0, 0],\n`).join(
    '',
  )
  expect(table.length).toBeGreaterThan(MIB)
  expect(await refusals(await archiveWith({ name: 'extension/table.json', data: table }))).toEqual([])
})

it('refuses many files that are each within bounds', async () => {
  const entries = await honestEntries()
  const block = Buffer.alloc(MIB, 'abcdefghij')
  const many = Array.from({ length: 4 }, (_, index) => ({ name: `${FILE}${index}`, data: block }))
  expect(await refusals(zipOf([...entries, ...many]), { limits: { maxTotalBytes: 3 * MIB } })).toEqual([
    'zip-bomb',
  ])
  expect(await refusals(zipOf([...entries, ...many]), { limits: { maxTotalBytes: 5 * MIB } })).toEqual([])
  expect(await refusals(zipOf([...entries, ...many]), { limits: { maxEntryBytes: MIB - 1 } })).toEqual(
    many.map(({ name }) => `zip-bomb ${name}`),
  )
})

it('refuses 50,000 entries before it reads them', async () => {
  const entries = Array.from({ length: 50_000 }, (_, index) => ({ name: `extension/${index}`, method: 0 }))
  const archive = zipOf(entries)
  const start = performance.now()
  expect(await refusals(archive)).toEqual(['zip-bomb'])
  expect(performance.now() - start).toBeLessThan(200)
})

const kinds: [string, Buffer][] = [
  ['small', Buffer.from('abc'.repeat(100))],
  [
    'large',
    Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 7_919).toString(36)).join(' ')),
  ],
]

it.each(kinds)('refuses a %s file that is longer than it says', async (_, data) => {
  const shorter = { uncompressedSize: data.length - 1 }
  const entry = { name: FILE, data, local: shorter, central: shorter }
  expect(await refusals(await archiveWith(entry))).toEqual([`zip-size ${FILE}`])
})

it.each(kinds)('refuses a %s file that is shorter than it says', async (_, data) => {
  const longer = { uncompressedSize: data.length + 1 }
  const entry = { name: FILE, data, local: longer, central: longer }
  expect(await refusals(await archiveWith(entry))).toEqual([`zip-size ${FILE}`])
})

it('stops unpacking where the declared size ends', async () => {
  // 64 MB behind a header that says 1,000 bytes: whatever reads it must not hold more than a chunk.
  const raw = deflateRawSync(Buffer.alloc(64 * MIB))
  const small = { uncompressedSize: 1_000 }
  const archive = await archiveWith({
    name: FILE,
    data: Buffer.alloc(1_000),
    raw,
    local: small,
    central: small,
  })
  const before = process.memoryUsage().arrayBuffers
  expect(await refusals(archive)).toEqual([`zip-size ${FILE}`])
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB)
})

it.each(kinds)('refuses a %s file with another CRC', async (_, data) => {
  const lie = { crc32: 12345 }
  expect(await refusals(await archiveWith({ name: FILE, data, local: lie, central: lie }))).toEqual([
    `zip-crc ${FILE}`,
  ])
})

it.each(kinds)(
  'refuses a %s file with data behind its end, which only some readers would see',
  async (_, data) => {
    const raw = Buffer.concat([deflateRawSync(data), Buffer.from('more')])
    expect(await refusals(await archiveWith({ name: FILE, data, raw }))).toEqual([`zip-data ${FILE}`])
  },
)

it.each(kinds)('refuses a %s file that is cut off or no deflated data at all', async (_, data) => {
  const cut = deflateRawSync(data)
  expect(
    await refusals(await archiveWith({ name: FILE, data, raw: cut.subarray(0, cut.length - 2) })),
  ).toEqual([`zip-data ${FILE}`])
  expect(
    await refusals(await archiveWith({ name: FILE, data, raw: Buffer.alloc(cut.length, 0xff) })),
  ).toEqual([`zip-data ${FILE}`])
})

it('refuses a stored file with two sizes', async () => {
  const lie = { uncompressedSize: 9 }
  const entry = { name: FILE, data: 'abc', method: 0, local: lie, central: lie }
  expect(await refusals(await archiveWith(entry))).toEqual([`zip-size ${FILE}`])
  expect(await refusals(await archiveWith(entry), { skipData: true })).toEqual([`zip-size ${FILE}`])
})

it('tells of all files that lie', async () => {
  const lie = { crc32: 1 }
  const entries = ['a', 'b'].map((name) => ({
    name: `extension/${name}`,
    data: '1',
    local: lie,
    central: lie,
  }))
  expect(await refusals(zipOf([...(await honestEntries()), ...entries]))).toEqual([
    'zip-crc extension/a',
    'zip-crc extension/b',
  ])
})

it('believes no header when it reads a file later either', async () => {
  const lie = { crc32: 1 }
  const archive = await archiveWith({ name: FILE, data: '1', local: lie, central: lie })
  const pkg = await open(archive, { skipData: true })
  await expect(pkg.readEntry(FILE, 100)).rejects.toMatchObject({
    details: { findings: [{ rule: 'zip-crc' }] },
  })
  await expect(pkg.readEntry('extension/package.json', 10)).rejects.toMatchObject({
    details: { findings: [{ rule: 'file-too-large' }] },
  })
  await expect(pkg.readEntry('extension/none', 10)).rejects.toMatchObject({
    details: { findings: [{ rule: 'file-missing' }] },
  })
})
