import { transformer } from '@devforge/server/transformer'
import fc from 'fast-check'
import superjson, { type SuperJSONResult } from 'superjson'
import { describe, expect, test } from 'vitest'

/** As it arrives on the other side. */
const overTheWire = (value: unknown): SuperJSONResult => JSON.parse(JSON.stringify(value))

const name = fc.oneof(
  fc.string(),
  // What paths are made of.
  fc.constantFrom(
    '',
    '.',
    'a.b',
    '\\',
    '\\.',
    'a\\',
    '0',
    '1',
    'length',
    'toString',
    'values',
    'json',
    'meta',
  ),
)
const date = fc.date({ noInvalidDate: true })
const leaf = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), fc.integer(), fc.double(), date)
/** JSON with dates; doubles bring NaN, infinities and -0. */
const { datedJson } = fc.letrec<{ datedJson: unknown }>((tie) => ({
  datedJson: fc.oneof(
    { depthSize: 'medium' },
    leaf,
    fc.array(tie('datedJson'), { maxLength: 5 }),
    fc.dictionary(name, tie('datedJson'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))
const anything = fc.anything({
  key: name,
  withDate: true,
  withMap: true,
  withSet: true,
  withBigInt: true,
  withSparseArray: true,
  withNullPrototype: true,
})

describe('the transformer', () => {
  test('writes JSON with dates just as superjson does', () => {
    fc.assert(
      fc.property(datedJson, (value) => {
        // superjson loses a member of that name when it copies; no schema of ours has one.
        fc.pre(!JSON.stringify(value).includes('__proto__'))
        expect(overTheWire(transformer.serialize(value))).toEqual(overTheWire(superjson.serialize(value)))
      }),
      { numRuns: 500 },
    )
  })

  test('superjson reads what it writes; it reads what superjson writes', () => {
    fc.assert(
      fc.property(fc.oneof(datedJson, anything), (value) => {
        let written: SuperJSONResult
        try {
          written = superjson.serialize(value)
        } catch {
          // Not for the wire: paths into prototypes.
          return
        }
        const expected = superjson.deserialize(overTheWire(written))
        expect(superjson.deserialize(overTheWire(transformer.serialize(value)))).toEqual(expected)
        expect(transformer.deserialize(overTheWire(transformer.serialize(value)))).toEqual(expected)
        expect(transformer.deserialize(overTheWire(written))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('dates come back as dates, wherever they stand', () => {
    const at = new Date('2026-11-22T20:00:00.000Z')
    for (const value of [
      at,
      [at],
      { at },
      { 'a.b': { '\\': [1, { at }] }, '': at },
      { items: [{ at, n: 1 }, { at: null }], nextCursor: null },
      // The same date twice, and twice the same object.
      { a: at, b: at },
      [{ at }, { at }].concat([{ at }]),
    ]) {
      expect(superjson.deserialize(overTheWire(transformer.serialize(value)))).toEqual(value)
    }
  })

  test('leaves the value as it was', () => {
    const at = new Date(0)
    const value = Object.freeze({ list: Object.freeze([at]), inner: Object.freeze({ at }) })
    transformer.serialize(value)
    expect(value).toEqual({ list: [at], inner: { at } })
  })

  test('leaves what is more than dates to superjson', () => {
    for (const value of [
      undefined,
      new Set([1]),
      new Map([[1, 2]]),
      1n,
      Number.NaN,
      -0,
      [undefined],
      new Date(Number.NaN),
    ]) {
      expect(transformer.serialize({ value: [value] })).toEqual(superjson.serialize({ value: [value] }))
    }
  })

  test('notes no path into a prototype', () => {
    for (const key of ['constructor', 'prototype', '__proto__']) {
      const value = Object.defineProperty({}, key, { value: new Date(0), enumerable: true })
      expect(() => transformer.serialize(value)).toThrow()
      expect(() => transformer.serialize({ inner: [value] })).toThrow()
    }
    expect(transformer.serialize({ constructors: new Date(0) })).toMatchObject({ meta: { v: 1 } })
  })
})
