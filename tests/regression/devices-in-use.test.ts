import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { fingerprint, licensed } from '../support/licenses.ts'

// In a select from one table Drizzle writes columns without their tables: the subquery compared a device with itself and counted none.
test('devices in use are counted wherever a license is shown', async () => {
  await using t = await createTestApp()
  const { key, licenseId, owner, admin } = await licensed(t)
  // Another license with devices, which must not be counted.
  const other = await licensed(t, { owner, admin })
  await t.forge().licenses.activate({ key: other.key, fingerprint: fingerprint() })
  for (const expected of [1, 2]) {
    await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
    expect(await t.forge().licenses.validate({ key })).toMatchObject({ license: { devicesInUse: expected } })
    expect(await owner.forge.licenses.get({ id: licenseId })).toMatchObject({ devicesInUse: expected })
    const { items } = await owner.forge.licenses.list()
    expect(items.find((license) => license.id === licenseId)?.devicesInUse).toBe(expected)
    const found = await admin.forge.licenses.search({ query: licenseId })
    expect(found.items.map((license) => license.devicesInUse)).toEqual([expected])
  }
})
