import { textWindows } from '@devforge/server/modules/marketplace/vsix/checks/windows'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const PIECES = ['plain text\n', 'ümläut', '日本語\n', '👩🏽‍💻', '\n\n', 'x'.repeat(97), '\u{E0100}']
/** A private key is up to 10,000 characters long. */
const LONGEST_SECRET = 10_000

async function* chunksOf(bytes: Buffer, sizes: number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1_000
    yield bytes.subarray(at, at + size)
    at += size
  }
}

it('cuts text anywhere without losing a character, a line or what stands on a border', async () => {
  const text = fc
    .array(fc.constantFrom(...PIECES), { minLength: 200, maxLength: 300 })
    .map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 120 }),
      fc.array(fc.integer({ min: 1_000, max: 200_000 }), { minLength: 1, maxLength: 5 }),
      async (piece, times, sizes) => {
        const whole = piece.repeat(times)
        let covered = 0
        for await (const window of textWindows(chunksOf(Buffer.from(whole), sizes))) {
          const { text, firstCharacter, firstLine, isAscii } = window
          expect(whole.slice(firstCharacter, firstCharacter + text.length) === text).toBe(true)
          expect(firstLine).toBe(whole.slice(0, firstCharacter).split('\n').length)
          expect(isAscii).toBe(/^[\0-\x7f]*$/.test(text))
          if (covered > 0)
            expect(covered - firstCharacter).toBeGreaterThanOrEqual(Math.min(covered, LONGEST_SECRET / 3))
          covered = firstCharacter + text.length
        }
        expect(covered).toBe(whole.length)
      },
    ),
    { numRuns: 40, seed: 20261122 },
  )
})

it('bears bytes that are no text', async () => {
  const noise = Buffer.from(Array.from({ length: 400_000 }, (_, index) => 0x80 + ((index * 7) % 0x7f)))
  let windows = 0
  for await (const window of textWindows(chunksOf(noise, [70_000]))) windows += window.text.length > 0 ? 1 : 0
  expect(windows).toBeGreaterThan(2)
})
