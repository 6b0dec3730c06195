import { generateLicenseKey } from '@devforge/server/modules/licenses/license-key'
import { expect, test } from 'vitest'
import { captureShapes } from '../load/shapes.ts'

test('what the bench of validate sends is what the SDK sends', async () => {
  const licenses = Array.from({ length: 10 }, (_, i) => ({
    id: `lic_${i}`,
    key: generateLicenseKey(),
    fingerprint: i === 0 ? null : `machine-${i}`,
    devices: 0,
  }))
  // It throws when the SDK sends something else.
  const { lone, ten } = await captureShapes(licenses)
  expect([lone.calls, ten.calls]).toEqual([1, 10])
  expect(lone.path).toContain('licenses.validate')
})
