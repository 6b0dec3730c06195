import { AppError } from '@devforge/server/errors'
import { inspectPackage, openPackage } from '@devforge/server/modules/marketplace/vsix/index'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { packVsix, variantOf } from '../../support/vsix.ts'
import { unzip, type ZipEntry, zipOf } from '../../support/zip.ts'
import { sourceOf } from './reading.ts'

const RUNS = 10_000
/** Printed by fast-check with the failing archive; change it to look elsewhere. */
const SEED = 20_261_122
/** An archive of 3 KB that takes this long is a hang, even on a busy machine. */
const MAX_MS = 2_000
/** What one of them may take, whatever sizes it claims. */
const MAX_BYTES = 8 * 1024 * 1024

type Mutation =
  | { kind: 'byte'; at: number; value: number }
  | { kind: 'number'; at: number; width: number; value: number }
  | { kind: 'cut'; at: number; length: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'splice'; from: number; to: number; length: number }
  | { kind: 'truncate'; length: number }

/** A place as a share of the archive, so that it fits each of them; half of them where the headers lie, at the end. */
const place = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0.6, max: 1, noNaN: true }),
)
const interesting = fc.constantFrom(
  0,
  1,
  8,
  0x14,
  0x7f,
  0xff,
  0x7fff,
  0xffff,
  0x7fffffff,
  0xffffffff,
  0x04034b50,
  0x02014b50,
  0x06054b50,
)
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('byte' as const),
      at: place,
      value: fc.integer({ min: 0, max: 255 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('number' as const),
      at: place,
      width: fc.constantFrom(2, 4),
      value: interesting,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      at: place,
      length: fc.integer({ min: 1, max: 80 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      at: place,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('splice' as const),
      from: place,
      to: place,
      length: fc.integer({ min: 4, max: 120 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), length: place }) },
)

function mutate(bytes: Buffer, change: Mutation): Buffer {
  const offset = (share: number) => Math.min(bytes.length, Math.floor(share * bytes.length))
  switch (change.kind) {
    case 'byte':
      if (bytes.length > 0) bytes[Math.min(offset(change.at), bytes.length - 1)] = change.value
      return bytes
    case 'number': {
      const at = Math.min(offset(change.at), bytes.length - change.width)
      if (at >= 0) bytes.writeUIntLE(change.value % 256 ** change.width, at, change.width)
      return bytes
    }
    case 'cut':
      return Buffer.concat([
        bytes.subarray(0, offset(change.at)),
        bytes.subarray(offset(change.at) + change.length),
      ])
    case 'insert':
      return Buffer.concat([
        bytes.subarray(0, offset(change.at)),
        change.bytes,
        bytes.subarray(offset(change.at)),
      ])
    case 'splice':
      bytes.copy(bytes, offset(change.to), offset(change.from), offset(change.from) + change.length)
      return bytes
    case 'truncate':
      return bytes.subarray(0, offset(change.length))
  }
}

/** Small packages of every kind of archive there is. */
async function bases(): Promise<{ bytes: Buffer; entries: ZipEntry[] }[]> {
  const dropped = ['icon.png', 'changelog.md', 'LICENSE.txt'].map((name) => `extension/${name}`)
  const small = variantOf(await packVsix(), {
    manifest: { contributes: undefined, keywords: undefined },
    files: {
      ...Object.fromEntries(dropped.map((name) => [name, null])),
      '[Content_Types].xml': null,
      'extension.vsixmanifest': (xml) =>
        xml.replace(/<Asset Type="[^"]*(?:Icons|Changelog|Content\.License)[^>]*>/g, ''),
    },
  })
  const entries = [...unzip(small)].map(([name, data]) => ({ name, data }))
  const svg = {
    name: 'extension/a.svg',
    data: '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
  }
  const described = entries.map((entry) => ({ ...entry, descriptor: true as const }))
  const stored = [...entries, svg].map((entry) => ({ ...entry, method: 0 }))
  return [
    { bytes: zipOf(entries), entries },
    { bytes: zipOf(described), entries: described },
    { bytes: zipOf(stored), entries: stored },
    { bytes: zipOf(entries, { zip64: true, comment: Buffer.from('fuzz') }), entries },
  ]
}

const externalBytes = () => process.memoryUsage().external

it(`survives ${RUNS} mutated archives`, { timeout: 120_000 }, async () => {
  const archives = await bases()
  for (const { bytes } of archives) await (await openPackage(sourceOf(bytes))).close()
  const outcomes = { opened: 0, refused: 0 }
  let runs = 0
  let slowestMs = 0
  let largestBytes = 0

  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: archives.length - 1 }),
      // In the archive, or in one of its files, which is then packed honestly: so the manifests and texts get their share.
      fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat({ max: 3 }) }),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (index, inFile, changes) => {
        const base = archives[index] ?? archives[0]
        if (!base) return
        const change = (data: ZipEntry['data']) => changes.reduce(mutate, Buffer.from(data ?? ''))
        const bytes =
          inFile === null
            ? change(base.bytes)
            : zipOf(
                base.entries.map((entry, at) =>
                  at === inFile ? { ...entry, data: change(entry.data) } : entry,
                ),
              )
        const source = sourceOf(bytes)
        const start = performance.now()
        // Asking takes as long as opening.
        const isMeasured = runs++ % 20 === 0
        const before = isMeasured ? externalBytes() : 0
        try {
          const pkg = await openPackage(source)
          await inspectPackage(pkg)
          await pkg.close()
          outcomes.opened++
        } catch (error) {
          // Whatever else comes out is a bug: the storage never fails here.
          if (!(error instanceof AppError) || error.code !== 'VSIX_INVALID') throw error
          expect(Object(error.details).findings.length).toBeGreaterThan(0)
          outcomes.refused++
        }
        slowestMs = Math.max(slowestMs, performance.now() - start)
        if (isMeasured) largestBytes = Math.max(largestBytes, externalBytes() - before)
        expect(source.closed).toBe(1)
      },
    ),
    { numRuns: RUNS, seed: SEED },
  )
  expect(slowestMs).toBeLessThan(MAX_MS)
  expect(largestBytes).toBeLessThan(MAX_BYTES)
  // Both happen: the mutations reach the parts behind the headers.
  expect(outcomes.refused).toBeGreaterThan(RUNS / 2)
  expect(outcomes.opened).toBeGreaterThan(RUNS / 50)
})
