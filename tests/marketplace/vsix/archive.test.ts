import { expect, it } from 'vitest'
import { packVsix } from '../../support/vsix.ts'
import { extraField, zipOf } from '../../support/zip.ts'
import { archiveWith, honestEntries, open, refusals, sourceOf } from './reading.ts'

const FILE = 'extension/x.js'

it('opens what vsce packs', async () => {
  const pkg = await open(await packVsix({ targetPlatform: 'linux-x64', preRelease: true }))
  expect(pkg.identity).toEqual({
    publisher: 'acme',
    name: 'hello',
    version: '1.0.0',
    targetPlatform: 'linux-x64',
    preRelease: true,
  })
  expect(pkg.findings).toEqual([])
  expect((await pkg.readEntry('extension/extension.js', 1_000)).toString()).toContain('exports.activate')
})

it.each<[string, string]>([
  ['../x.js', 'zip-path'],
  ['extension/../../x.js', 'zip-path'],
  ['extension/./x.js', 'zip-path'],
  ['extension//x.js', 'zip-path'],
  ['/x.js', 'zip-path'],
  ['C:\\x.js', 'zip-path'],
  ['c:/x.js', 'zip-path'],
  ['extension/x.js:hidden', 'zip-path'],
  ['extension\\x.js', 'zip-path'],
  ['extension/lib\\x.js', 'zip-path'],
  ['extension/x.js\0.png', 'zip-path'],
  ['extension/x\u0007.js', 'zip-path'],
  ['extension/.. /x.js', 'zip-path'],
  ['extension/x.js.', 'zip-path'],
  ['extension/dir /x.js', 'zip-path'],
  ['', 'zip-path'],
  [`extension/${'x'.repeat(1_024)}`, 'zip-path'],
  ['extensionpackage.json', 'zip-path'],
  ['extension/.vsixmanifest', 'zip-path'],
  ['Extension/package.json', 'zip-collision'],
  ['extension/x\u202Egnp.js', 'hidden-characters'],
  ['extension/x\u200B.js', 'hidden-characters'],
  ['extension/x\uFE01.js', 'hidden-characters'],
])('refuses the name %j (%s)', async (name, rule) => {
  const found = await refusals(await archiveWith({ name, data: '1' }))
  expect(found.map((line) => line.split(' ')[0])).toContain(rule)
})

it('takes names that are only unusual', async () => {
  const names = [
    'extension/ümläut.js',
    'extension/…/x',
    'extension/..x/y',
    'extension/日本語.md',
    'extension/❤️.png',
    '_rels/.rels',
  ]
  for (const name of names) expect(await refusals(await archiveWith({ name, data: '1' }))).toEqual([])
})

it('warns of names that Windows cannot write', async () => {
  const pkg = await open(await archiveWith({ name: 'extension/aux.js', data: '1' }))
  expect(pkg.findings).toMatchObject([
    { rule: 'windows-name', severity: 'warning', file: 'extension/aux.js' },
  ])
})

it('refuses names that are not what they say: neither ASCII nor marked as UTF-8, or marked and not', async () => {
  const unmarked = await archiveWith({ name: 'extension/ü.js', flags: 0, data: '1' })
  expect(await refusals(unmarked)).toEqual(['zip-name-encoding extension/ü.js'])
  const broken = await archiveWith({
    name: Buffer.from([...Buffer.from('extension/'), 0xff, 0xfe]),
    data: '1',
  })
  expect(await refusals(broken)).toContain('zip-name-encoding extension/\uFFFD\uFFFD')
})

it.each<[string, string[]]>([
  ['the same name twice', ['extension/a.js', 'extension/a.js']],
  ['names that differ in case', ['extension/a.js', 'extension/A.JS']],
  ['one accent composed and apart', ['extension/é.js', 'extension/e\u0301.js']],
  ['ß and ss', ['extension/straße.js', 'extension/STRASSE.js']],
  ['a file and a folder', ['extension/lib', 'extension/lib/a.js']],
  ['a folder and a file', ['extension/lib/a.js', 'extension/LIB']],
])('refuses %s', async (_, names) => {
  const entries = [...(await honestEntries()), ...names.map((name) => ({ name, data: '1' }))]
  expect(await refusals(zipOf(entries))).toEqual([`zip-collision ${names[1]}`])
})

it('takes folders whose files do not collide', async () => {
  const names = [
    'extension/lib/',
    'extension/lib/a.js',
    'extension/lib/b/',
    'extension/lib/b/c.js',
    'extension/library.js',
  ]
  const entries = [...(await honestEntries()), ...names.map((name) => ({ name, method: 0 }))]
  const pkg = await open(zipOf(entries))
  expect(pkg.entries.map(({ name }) => name)).not.toContain('extension/lib/')
})

it.each<[string, number, string]>([
  ['a symbolic link', 0o120777, 'zip-symlink'],
  ['a device', 0o060644, 'zip-special-file'],
  ['a pipe', 0o010644, 'zip-special-file'],
  ['a folder that is called a file', 0o040755, 'zip-special-file'],
])('refuses %s', async (_, mode, rule) => {
  const central = { externalAttributes: mode * 65_536 }
  expect(await refusals(await archiveWith({ name: FILE, data: '/etc/passwd', central }))).toEqual([
    `${rule} ${FILE}`,
  ])
})

it('refuses a link also when it claims to come from another system, and the junctions of Windows', async () => {
  const fromDos = { externalAttributes: 0o120777 * 65_536, versionMadeBy: 20 }
  expect(await refusals(await archiveWith({ name: FILE, central: fromDos }))).toEqual([`zip-symlink ${FILE}`])
  const junction = { externalAttributes: 0x400, versionMadeBy: 20 }
  expect(await refusals(await archiveWith({ name: FILE, central: junction }))).toEqual([
    `zip-symlink ${FILE}`,
  ])
})

it('refuses folders that hold data', async () => {
  expect(await refusals(await archiveWith({ name: 'extension/lib/', data: 'abc', method: 0 }))).toEqual([
    'zip-format extension/lib/',
  ])
})

it.each([0x801, 0x2800, 0x801 | 0x40])('refuses encryption (flags %i)', async (flags) => {
  const found = await refusals(await archiveWith({ name: FILE, data: '1', flags }))
  expect(found[0]).toMatch(/^zip-encrypted/)
})

it.each([1, 9, 12, 14, 93, 99])('refuses packing method %i', async (method) => {
  expect(await refusals(await archiveWith({ name: FILE, data: '1', method }))).toContain(`zip-method ${FILE}`)
})

it('refuses patches', async () => {
  expect(await refusals(await archiveWith({ name: FILE, data: '1', flags: 0x820 }))).toEqual([
    `zip-method ${FILE}`,
  ])
})

it.each<[string, object]>([
  ['the name', { name: 'extension/y.js' }],
  ['the method', { method: 0 }],
  ['the flags', { flags: 0 }],
  ['the CRC', { crc32: 1 }],
  ['the packed size', { compressedSize: 1 }],
  ['the size', { uncompressedSize: 1 }],
])('refuses headers that disagree on %s', async (_, local) => {
  expect(await refusals(await archiveWith({ name: FILE, data: 'abcdef', local }))).toContain(
    `zip-headers ${FILE}`,
  )
})

it('does not mind the level of compression and the time in one header only', async () => {
  expect(
    await refusals(await archiveWith({ name: FILE, data: 'a', local: { flags: 0x804, time: 7 } })),
  ).toEqual([])
})

it('takes honest descriptors, with and without a signature', async () => {
  expect(await refusals(await archiveWith({ name: FILE, data: 'abc', descriptor: true }))).toEqual([])
  expect(
    await refusals(await archiveWith({ name: FILE, data: 'abc', descriptor: { signature: false } })),
  ).toEqual([])
})

it.each<[string, object]>([
  ['the CRC', { crc32: 1 }],
  ['the packed size', { compressedSize: 1 }],
  ['the size', { uncompressedSize: 1 }],
])('refuses descriptors that lie about %s', async (_, descriptor) => {
  expect(await refusals(await archiveWith({ name: FILE, data: 'abc', descriptor }))).toEqual([
    `zip-headers ${FILE}`,
  ])
})

it('refuses a descriptor that is promised and missing, and one of the wrong length', async () => {
  const missing = { name: FILE, data: 'abc', flags: 0x808 }
  expect(await refusals(await archiveWith(missing))).toEqual([`zip-gap ${FILE}`])
  const longer = { name: FILE, data: 'abc', descriptor: true as const, gap: Buffer.alloc(3) }
  expect(await refusals(await archiveWith(longer))).toEqual([`zip-gap ${FILE}`])
})

it('refuses data before, between and behind the files', async () => {
  const junk = Buffer.from('#!/bin/sh\n')
  const entries = await honestEntries()
  expect(await refusals(zipOf(entries, { prefix: junk }))).toEqual(['zip-leading-data'])
  expect(await refusals(zipOf(entries, { prefix: junk, prefixUncounted: true }))).toEqual([
    'zip-trailing-data',
  ])
  expect(await refusals(zipOf(entries, { suffix: junk }))).toEqual(['zip-trailing-data'])
  expect(await refusals(await archiveWith({ name: FILE, data: '1', gap: junk }))).toEqual([`zip-gap ${FILE}`])
})

it('takes a comment, unless it is the end of another archive', async () => {
  const entries = await honestEntries()
  expect(await refusals(zipOf(entries, { comment: Buffer.from('built by CI') }))).toEqual([])
  const other = zipOf([])
  expect(await refusals(zipOf(entries, { comment: other }))).toEqual(['zip-trailing-data'])
})

it('refuses entries that lie over each other', async () => {
  const entries = await honestEntries()
  const quoted = { name: FILE, data: 'abc', ghost: true as const, central: { localOffset: 0 } }
  const found = await refusals(zipOf([...entries, quoted]))
  expect(found).toContain('zip-overlap extension.vsixmanifest')
  expect(found).toContain(`zip-headers ${FILE}`)
})

it('refuses an entry whose header is not where the directory says', async () => {
  const lost = { name: FILE, data: 'abc', central: { localOffset: 7 } }
  expect(await refusals(await archiveWith(lost))).toEqual(['zip-format'])
  const beyond = { name: FILE, data: 'abc', central: { localOffset: 0x7fff_ffff } }
  expect(await refusals(await archiveWith(beyond))).toEqual(['zip-format'])
})

it.each<[string, object, string]>([
  ['fewer entries than there are', { entryCount: 3 }, 'zip-format'],
  ['more entries than there are', { entryCount: 60 }, 'zip-format'],
  ['another count on this disk', { entryCountOnDisk: 3 }, 'zip-format'],
  ['several disks', { diskNumber: 1 }, 'zip-format'],
  ['a longer directory', { centralSize: 9_999 }, 'zip-trailing-data'],
  ['a directory elsewhere', { centralOffset: 3 }, 'zip-trailing-data'],
])('refuses an end record that tells of %s', async (_, archive, rule) => {
  expect(await refusals(zipOf(await honestEntries(), archive))).toEqual([rule])
})

it('refuses an entry of another disk', async () => {
  const elsewhere = { name: FILE, data: '1', central: { diskNumber: 1 } }
  expect(await refusals(await archiveWith(elsewhere))).toEqual([`zip-format ${FILE}`])
})

it('refuses what is no archive, or only half of one', async () => {
  expect(await refusals(Buffer.alloc(0))).toEqual(['zip-format'])
  expect(await refusals(Buffer.from('<html>not found</html>'))).toEqual(['zip-format'])
  const whole = await packVsix()
  expect(await refusals(whole.subarray(0, whole.length - 30))).toEqual(['zip-format'])
})

it('takes an honest ZIP64 archive', async () => {
  const entries = await honestEntries()
  expect(await refusals(zipOf(entries, { zip64: true }))).toEqual([])
  expect(await refusals(zipOf(entries, { zip64: { keepOld: true } }))).toEqual([])
  const wide = zip64Entry({ size: 3n, packed: 3n })
  expect(await refusals(zipOf([...entries, wide]))).toEqual([])
})

it.each<[string, object]>([
  ['the number of entries', { keepOld: true, entryCount: 3n }],
  ['the size of the directory', { keepOld: true, centralSize: 9n }],
  ['where the directory lies', { keepOld: true, centralOffset: 9n }],
  ['where its record lies', { recordOffset: 9n }],
])('refuses a ZIP64 record that lies about %s', async (_, zip64) => {
  expect(await refusals(zipOf(await honestEntries(), { zip64 }))).toEqual(['zip-zip64'])
})

it('refuses 64-bit sizes that some readers would see and others not', async () => {
  const entries = await honestEntries()
  const hidden = zip64Extra(3n, 3n)
  const unasked = { name: FILE, data: 'abc', method: 0, central: { extra: hidden } }
  expect(await refusals(zipOf([...entries, unasked]))).toEqual([`zip-zip64 ${FILE}`])
  const inLocal = { name: FILE, data: 'abc', method: 0, local: { extra: hidden } }
  expect(await refusals(zipOf([...entries, inLocal]))).toEqual([`zip-zip64 ${FILE}`])
  const twice = zip64Entry({ size: 3n, packed: 3n, repeat: true })
  expect(await refusals(zipOf([...entries, twice]))).toContain(`zip-zip64 ${FILE}`)
  const lying = zip64Entry({ size: 9n, packed: 3n })
  expect(await refusals(zipOf([...entries, lying]))).toContain(`zip-size ${FILE}`)
})

const zip64Extra = (...values: bigint[]): Buffer => {
  const data = Buffer.alloc(values.length * 8)
  for (const [index, value] of values.entries()) data.writeBigUInt64LE(value, index * 8)
  return extraField(1, data)
}

function zip64Entry({ size, packed, repeat = false }: { size: bigint; packed: bigint; repeat?: boolean }) {
  const one = zip64Extra(size, packed)
  const wide = {
    compressedSize: 0xffffffff,
    uncompressedSize: 0xffffffff,
    extra: repeat ? Buffer.concat([one, one]) : one,
  }
  return { name: FILE, data: 'abc', method: 0, local: wide, central: wide }
}

it('takes times and owners as extra fields (0x5455, 0x7875)', async () => {
  const extra = Buffer.concat([
    extraField(0x5455, Buffer.from([1, 0, 0, 0, 0])),
    extraField(0x7875, Buffer.from([1, 4, 0xe8, 3, 0, 0, 4, 0xe8, 3, 0, 0])),
  ])
  const entry = { name: FILE, data: '1', local: { extra }, central: { extra } }
  expect(await refusals(await archiveWith(entry))).toEqual([])
})

it.each([0x000d, 0x0017, 0x7075, 0x756e, 0x9901])('refuses extra field 0x%x in either header', async (id) => {
  const extra = extraField(id, Buffer.alloc(12, 1))
  expect(await refusals(await archiveWith({ name: FILE, data: '1', central: { extra } }))).toEqual([
    `zip-extra-field ${FILE}`,
  ])
  expect(await refusals(await archiveWith({ name: FILE, data: '1', local: { extra } }))).toEqual([
    `zip-extra-field ${FILE}`,
  ])
})

it('refuses extra fields that are cut off', async () => {
  const extra = extraField(0x5455, Buffer.alloc(9)).subarray(0, 6)
  expect(await refusals(await archiveWith({ name: FILE, data: '1', local: { extra } }))).toEqual([
    `zip-extra-field ${FILE}`,
  ])
  expect(await refusals(await archiveWith({ name: FILE, data: '1', central: { extra } }))).toEqual([
    'zip-format',
  ])
})

it('tells everything that is wrong, and stops counting at twenty of a kind', async () => {
  const many = Array.from({ length: 30 }, (_, index) => ({ name: `../${index}`, data: '1' }))
  const found = await refusals(
    zipOf([...(await honestEntries()), ...many, { name: '/etc/passwd', data: '1', flags: 0x801 }]),
  )
  expect(found.filter((line) => line.startsWith('zip-path'))).toHaveLength(21)
  expect(found).toContain('zip-encrypted /etc/passwd')
})

it('says names of strangers so that they can be read', async () => {
  const found = await refusals(await archiveWith({ name: 'extension/\u001b[2J\u202E\0.js', data: '1' }))
  expect(found).toContain('zip-path extension/\\u{1b}[2J\\u{202e}\\u{0}.js')
})

it('closes its source when it refuses, and leaves errors of the storage as they are', async () => {
  const { openPackage } = await import('@devforge/server/modules/marketplace/vsix/index')
  const source = sourceOf(Buffer.from('no archive'))
  await expect(openPackage(source)).rejects.toMatchObject({ code: 'VSIX_INVALID' })
  expect(source.closed).toBe(1)

  const good = sourceOf(await packVsix())
  for (const failing of [0, 1, 2, 3, 5]) {
    let reads = 0
    const broken = {
      ...good,
      read: (offset: number, length: number) => {
        if (reads++ === failing) throw new Error('connection reset')
        return good.read(offset, length)
      },
    }
    await expect(openPackage(broken)).rejects.toThrow('connection reset')
  }
})
