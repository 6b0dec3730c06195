import { compareVersions, engineFloor, versionOrder } from '@devforge/server/modules/marketplace/vsix/index'
import fc from 'fast-check'
import { expect, it } from 'vitest'

/** In the order of semver 2.0.0, section 11. */
const ordered = [
  '0.0.1',
  '0.9.0',
  '0.10.0',
  '1.0.0-0',
  '1.0.0-2',
  '1.0.0-10',
  '1.0.0-10.1',
  '1.0.0--',
  '1.0.0-A',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-alpha-x',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '1.2.0',
  '1.10.0',
  '2.0.0',
  '10.0.0',
  '9007199254740991.0.0',
]

it('spells versions so that their bytes are in the order of semver', () => {
  expect(ordered.toSorted((a, b) => compareVersions(a, b))).toEqual(ordered)
  expect(ordered.toReversed().toSorted((a, b) => (versionOrder(a) < versionOrder(b) ? -1 : 1))).toEqual(
    ordered,
  )
  // In any collation: nothing but digits and small letters.
  for (const version of ordered) expect(versionOrder(version)).toMatch(/^[0-9a-z]+$/)
})

it('agrees with semver on whatever versions there are', () => {
  const number = fc.oneof(fc.nat(12), fc.nat())
  const word = fc.stringMatching(/^[0-9A-Za-z-]{1,6}$/).filter((text) => !/^0\d+$/.test(text))
  const version = fc
    .tuple(number, number, number, fc.array(fc.oneof(word, fc.nat(20).map(String)), { maxLength: 3 }))
    .map(
      ([major, minor, patch, tail]) =>
        `${major}.${minor}.${patch}${tail.length > 0 ? `-${tail.join('.')}` : ''}`,
    )
  fc.assert(
    fc.property(version, version, (a, b) => {
      const [x, y] = [versionOrder(a), versionOrder(b)]
      expect(Math.sign(x < y ? -1 : x > y ? 1 : 0)).toBe(Math.sign(compareVersions(a, b)))
    }),
    { seed: 20261122, numRuns: 2_000 },
  )
})

it.each([
  ['^1.80.0', 1_000_080_000_000],
  ['>=1.80.3', 1_000_080_000_003],
  ['1.80.0-insider', 1_000_080_000_000],
  ['1.x.x', 1_000_000_000_000],
  ['*', 0],
  ['x.x.x', 0],
])('knows the first editor that runs %s', (range, floor) => {
  expect(engineFloor(range)).toBe(floor)
})

it('keeps absurd numbers within what a number holds', () => {
  expect(Number.isSafeInteger(engineFloor('99999999999.99999999.99999999'))).toBe(true)
  expect(() => engineFloor('latest')).toThrow(TypeError)
  expect(() => versionOrder('latest')).toThrow(TypeError)
})
