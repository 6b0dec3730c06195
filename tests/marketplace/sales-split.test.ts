import { csvText } from '@devforge/server/csv'
import { decimals } from '@devforge/server/modules/marketplace/service/sales/report'
import {
  differenceOf,
  entriesBetween,
  type Losses,
  NOTHING,
  type Split,
  splitOf,
} from '@devforge/server/modules/marketplace/service/sales/split'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const terms = fc
  .record({
    amountMinor: fc.integer({ min: 1, max: 2_000_000 }),
    taxShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
    feeBps: fc.integer({ min: 0, max: 10_000 }),
  })
  .map(({ amountMinor, taxShare, feeBps }) => ({
    amountMinor,
    taxMinor: Math.min(amountMinor - 1, Math.floor(amountMinor * taxShare)),
    feeBps,
  }))
const losses = (most: number) =>
  fc.record({
    refundedMinor: fc.integer({ min: 0, max: most }),
    lostMinor: fc.integer({ min: 0, max: most }),
  })

const plus = (a: Split, b: Split): Split => ({
  grossMinor: a.grossMinor + b.grossMinor,
  taxMinor: a.taxMinor + b.taxMinor,
  feeMinor: a.feeMinor + b.feeMinor,
  shareMinor: a.shareMinor + b.shareMinor,
})
const isWhole = ({ grossMinor, taxMinor, feeMinor, shareMinor }: Split) => {
  expect(grossMinor).toBe(taxMinor + feeMinor + shareMinor)
  expect([grossMinor, taxMinor, feeMinor, shareMinor].every(Number.isSafeInteger)).toBe(true)
}

describe('dividing the money of a sale', () => {
  test('by hand: 15 % rounded half up, the share is the rest', () => {
    const at = (amountMinor: number, keptMinor = amountMinor) =>
      splitOf({ amountMinor, taxMinor: 0, feeBps: 1_500 }, keptMinor)
    expect(at(1_999)).toMatchObject({ feeMinor: 300, shareMinor: 1_699 })
    // 1.50 exactly between 1 and 2 is 2.
    expect(at(10)).toMatchObject({ feeMinor: 2, shareMinor: 8 })
    expect(at(1)).toMatchObject({ feeMinor: 0, shareMinor: 1 })
    expect(at(1_999, 1_332)).toMatchObject({ feeMinor: 200, shareMinor: 1_132 })
    expect(splitOf({ amountMinor: 1_190, taxMinor: 190, feeBps: 1_500 }, 595)).toEqual({
      grossMinor: 595,
      taxMinor: 95,
      feeMinor: 75,
      shareMinor: 425,
    })
  })

  test('always adds up, never negative, nothing left of nothing', () => {
    fc.assert(
      fc.property(terms, fc.double({ min: 0, max: 1, noNaN: true }), (sale, part) => {
        const split = splitOf(sale, Math.round(sale.amountMinor * part))
        isWhole(split)
        for (const amount of Object.values(split)) expect(amount).toBeGreaterThanOrEqual(0)
        expect(splitOf(sale, 0)).toEqual(NOTHING)
        expect(splitOf(sale, sale.amountMinor).taxMinor).toBe(sale.taxMinor)
      }),
      { numRuns: 500 },
    )
  })

  test('any row of refunds, failed refunds and verdicts ends where one look at its end would', () => {
    const rows = terms.chain((sale) =>
      fc.tuple(fc.constant(sale), fc.array(losses(sale.amountMinor), { minLength: 1, maxLength: 12 })),
    )
    fc.assert(
      fc.property(rows, ([sale, row]) => {
        let ledger = NOTHING
        let known: Losses | null = null
        for (const now of row) {
          for (const entry of entriesBetween(sale, known, now)) {
            isWhole(entry)
            ledger = plus(ledger, entry)
            expect(ledger.grossMinor).toBeGreaterThanOrEqual(0)
            expect(ledger.grossMinor).toBeLessThanOrEqual(sale.amountMinor)
          }
          // What a ledger remembers: losses as far as there was something to lose.
          const lostMinor = Math.min(now.lostMinor, sale.amountMinor)
          known = { lostMinor, refundedMinor: Math.min(now.refundedMinor, sale.amountMinor - lostMinor) }
          expect(entriesBetween(sale, known, now)).toEqual([])
          const kept = sale.amountMinor - known.lostMinor - known.refundedMinor
          expect(differenceOf(ledger, splitOf(sale, kept))).toEqual(NOTHING)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the table for spreadsheets', () => {
  test('what a spreadsheet would run is made a text', () => {
    const hostile = ['=HYPERLINK("http://x","y")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1']
    for (const text of hostile) expect(csvText(text).replace(/^"/, '')).toMatch(/^'/)
    expect(csvText('=a,"b"')).toBe('"\'=a,""b"""')
    expect(csvText('acme.tools')).toBe('acme.tools')
  })

  test('amounts as decimals, exact', () => {
    const amounts = [0, 5, -5, 99, 100, -1_999, 123_456_789]
    const written = ['0.00', '0.05', '-0.05', '0.99', '1.00', '-19.99', '1234567.89']
    expect(amounts.map(decimals)).toEqual(written)
  })
})
