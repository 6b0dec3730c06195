import { checkLicenseKey } from '@devforge/sdk'
import { generateLicenseKey, parseLicenseKey } from '@devforge/server/modules/licenses/license-key'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { fingerprint, licensed } from '../support/licenses.ts'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

test('the server makes keys that the SDK takes, and both judge every text alike', () => {
  for (let n = 0; n < 500; n++) {
    const key = generateLicenseKey()
    expect(key).toMatch(/^DF(-[0-9A-HJKMNP-TV-Z]{5}){5}$/)
    expect(checkLicenseKey(key)).toEqual({ ok: true, key })
  }
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .string({ unit: fc.constantFrom(...ALPHABET), minLength: 25, maxLength: 25 })
          .map((text) => `DF${text}`),
      ),
      (text) => {
        const sdk = checkLicenseKey(text)
        expect(parseLicenseKey(text)).toBe(sdk.ok ? sdk.key : null)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('a key with one wrong character is refused by the SDK without a request', async () => {
  const key = generateLicenseKey()
  let requests = 0
  await using t = await createTestApp()
  const forge = t.forge({
    fetch: async (input, init) => {
      requests++
      return t.fetch(input, init)
    },
  })
  for (let at = 3; at < key.length; at++) {
    if (key[at] === '-') continue
    for (const wrong of ALPHABET) {
      if (wrong === key[at]) continue
      const typo = key.slice(0, at) + wrong + key.slice(at + 1)
      expect((await forge.licenses.validate({ key: typo })).code).toBe('MALFORMED_KEY')
    }
  }
  await expect(
    forge.licenses.activate({
      key: `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
      fingerprint: fingerprint(),
    }),
  ).rejects.toMatchObject({ code: 'LICENSE_NOT_FOUND' })
  expect(requests).toBe(0)
})

test('a database dump holds no usable license key', async () => {
  await using t = await createTestApp()
  const { key, owner, licenseId } = await licensed(t)
  const { key: second } = await owner.forge.licenses.reissueKey({ licenseId })
  const dump = async () => {
    const tables = await t.deps.sql<
      { name: string }[]
    >`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`
    const texts = await Promise.all(
      tables.map(({ name }) => t.deps.sql.unsafe(`select x::text as text from ${name} x`)),
    )
    return texts
      .flat()
      .map((row) => String(row.text))
      .join('\n')
      .toUpperCase()
  }
  // Before the mails went out, when their contents wait in the outbox, and after.
  for (const moment of ['waiting', 'sent']) {
    const text = await dump()
    expect(text.length, moment).toBeGreaterThan(1_000)
    for (const secret of [key, second]) {
      expect(text.includes(secret), moment).toBe(false)
      expect(text.includes(secret.replaceAll('-', '')), moment).toBe(false)
      expect(text.includes(Buffer.from(secret).toString('hex').toUpperCase()), moment).toBe(false)
      expect(text.includes(secret.slice(0, -6)), moment).toBe(false)
    }
    expect(await t.drain()).toEqual([])
  }
})
