import { oneSlipOff, slipsBetween } from '@devforge/server/modules/marketplace/service/search/typos'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const word = fc.string({ unit: fc.constantFrom(...'abcxyz019'), minLength: 1, maxLength: 9 })

test('the words that are one slip off are exactly those that differ by one', () => {
  fc.assert(
    fc.property(word, word, (typed, meant) => {
      const isNear = slipsBetween(typed, meant) <= 1
      // A letter replaced by itself: the word as it was typed is looked up, too.
      expect(new Set(oneSlipOff(typed)).has(meant)).toBe(isNear)
    }),
  )
})

test('letters of other scripts are left out and swapped', () => {
  expect([...oneSlipOff('ünix')]).toEqual(expect.arrayContaining(['nix', 'nüix', 'unix', 'ünx']))
})
