import { expect, test } from 'vitest'
import { captureShapes } from '../load/shapes.ts'

test('what the bench of validate sends is what the SDK sends', async () => {
  const licenses = Array.from({ length: 10 }, (_, i) => ({
    key: `DF-00000-00000-00000-00000-0000${i}`,
    fingerprint: i === 0 ? null : `machine-${i}`,
  }))
  // It throws when the SDK sends something else.
  const { lone, ten } = await captureShapes(licenses as Parameters<typeof captureShapes>[0])
  expect([lone.calls, ten.calls]).toEqual([1, 10])
  expect(lone.path).toContain('licenses.validate')
})
