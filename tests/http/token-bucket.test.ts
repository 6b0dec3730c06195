import { createTokenBucket } from '@devforge/server/token-bucket'
import { expect, test } from 'vitest'

test('a bucket empties, says when it will do, and refills evenly', () => {
  let now = 0
  const bucket = createTokenBucket(60, () => now)
  expect(bucket.take('a', 60)).toBe(0)
  expect(bucket.take('a', 1)).toBe(1)
  expect(bucket.take('a', 20)).toBe(20)
  now += 1_000
  expect(bucket.take('a', 1)).toBe(0)
  expect(bucket.take('a', 1)).toBe(1)
  expect(bucket.take('b', 60)).toBe(0)
})

test('an empty bucket stays empty when the generations turn, and a flood of callers does not refill it at once', () => {
  let now = 0
  const bucket = createTokenBucket(60, () => now)
  bucket.take('a', 60)
  now += 500
  for (let i = 0; i < 20_001; i++) bucket.take(`caller ${i}`, 1)
  expect(bucket.take('a', 30)).toBeGreaterThan(0)
})
