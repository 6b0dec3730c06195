import { checkLicenseKey } from '@devforge/sdk'
import * as server from '@devforge/server/modules/licenses/license-key'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDevForge } from '../../sdk/src/index.ts'
import { spellLicenseKey } from '../../sdk/src/offline/license-key.ts'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const anyKey = fc.uint8Array({ minLength: 22, maxLength: 22 }).map(spellLicenseKey)
/** Positions of the 25 symbols in a spelled key. */
const symbolPositions = (key: string) =>
  [...key].flatMap((symbol, index) => (index > 1 && symbol !== '-' ? [index] : []))

describe('license keys', () => {
  test('both sides spell and check alike', () => {
    expect(spellLicenseKey(new Uint8Array(22))).toBe('DF-00000-00000-00000-00000-00XCR')
    expect(spellLicenseKey(Uint8Array.from({ length: 22 }, (_, i) => i))).toBe(
      'DF-01234-56789-ABCDE-FGHJK-MN9TX',
    )
    for (let i = 0; i < 200; i++) {
      const key = server.generateLicenseKey()
      expect(checkLicenseKey(key)).toEqual({ ok: true, key })
    }
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          anyKey,
          anyKey.map((key) => key.toLowerCase()),
        ),
        (typed) => {
          const ours = checkLicenseKey(typed)
          expect(server.parseLicenseKey(typed)).toBe(ours.ok ? ours.key : null)
        },
      ),
    )
  })

  test('what people type is understood', () => {
    const key = spellLicenseKey(Uint8Array.from({ length: 22 }, () => 1))
    for (const typed of [
      key,
      key.toLowerCase(),
      key.replaceAll('-', ''),
      key.replaceAll('-', ' '),
      `  ${key}\n`,
      key.replaceAll('-', '–'),
      `DF${key.slice(2).replaceAll('1', 'I')}`,
      `DF${key.slice(2).replaceAll('1', 'l')}`,
    ]) {
      expect(checkLicenseKey(typed), typed).toEqual({ ok: true, key })
    }
    const zeros = spellLicenseKey(new Uint8Array(22))
    expect(checkLicenseKey(zeros.replaceAll('0', 'o'))).toEqual({ ok: true, key: zeros })
  })

  test('no single wrong character passes, at any place, of any kind', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        for (const position of symbolPositions(key)) {
          for (const symbol of `${ALPHABET}U*`) {
            if (symbol === key[position]) continue
            const wrong = key.slice(0, position) + symbol + key.slice(position + 1)
            expect(checkLicenseKey(wrong).ok, wrong).toBe(false)
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  test('no two symbols change places unnoticed', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const positions = symbolPositions(key)
        for (const [index, a] of positions.entries()) {
          for (const b of positions.slice(index + 1)) {
            if (key[a] === key[b]) continue
            const symbols = [...key]
            symbols[a] = key.charAt(b)
            symbols[b] = key.charAt(a)
            expect(checkLicenseKey(symbols.join('')).ok).toBe(false)
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  test('up to three wrong symbols never pass', () => {
    const errors = fc.uniqueArray(fc.tuple(fc.nat(24), fc.integer({ min: 1, max: 31 })), {
      minLength: 1,
      maxLength: 3,
      selector: ([position]) => position,
    })
    fc.assert(
      fc.property(anyKey, errors, (key, wrong) => {
        const symbols = [...key]
        for (const [index, shift] of wrong) {
          const position = symbolPositions(key)[index] ?? 0
          symbols[position] = ALPHABET.charAt((ALPHABET.indexOf(key.charAt(position)) + shift) % 32)
        }
        expect(checkLicenseKey(symbols.join('')).ok).toBe(false)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a missing, doubled or foreign character, another prefix and a novel are refused', () => {
    const key = spellLicenseKey(Uint8Array.from({ length: 22 }, (_, i) => i))
    for (const typed of [
      '',
      'DF-',
      key.slice(0, -1),
      `${key}0`,
      key.replace('DF', 'DG'),
      key.slice(3),
      'D'.repeat(1e6),
    ]) {
      expect(checkLicenseKey(typed).ok).toBe(false)
    }
    expect(checkLicenseKey(key.replace('9', '8'))).toEqual({ ok: false, reason: 'checksum' })
    expect(checkLicenseKey('hello')).toEqual({ ok: false, reason: 'malformed' })
  })

  test('a key with one wrong character is refused by the SDK without a request', async () => {
    let requests = 0
    const forge = createDevForge({
      url: 'http://nowhere.test',
      fetch: async () => {
        requests++
        throw new Error('no request was to be made')
      },
    })
    const wrong = 'DF-01234-56789-ABCDE-FGHJK-MN9TY'
    const asked = { key: wrong, fingerprint: 'machine-1' }
    await expect(forge.licenses.activate(asked)).rejects.toMatchObject({ code: 'LICENSE_NOT_FOUND' })
    await expect(forge.licenses.lease(asked)).rejects.toMatchObject({ code: 'LICENSE_NOT_FOUND' })
    expect(await forge.licenses.validate({ key: wrong })).toMatchObject({
      valid: false,
      code: 'MALFORMED_KEY',
    })
    expect(requests).toBe(0)
  })
})
