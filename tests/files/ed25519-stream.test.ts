import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { signStream } from '@devforge/server/crypto/ed25519-stream'
import { describe, expect, it } from 'vitest'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

const streamOf = (bytes: Uint8Array, step: number) => async () =>
  (async function* () {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
  })()

describe('signing a stream', () => {
  it('makes the very signature that signing the whole would make', async () => {
    for (let n = 0; n < 20; n++) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519')
      const message = createHash('sha512')
        .update(`message ${n}`)
        .digest()
        .subarray(0, n * 3)
      const signature = await signStream(privateKey, streamOf(message, 7), sha256(message))
      expect(signature).toEqual(sign(null, message, privateKey))
      expect(verify(null, message, publicKey, signature)).toBe(true)
    }
  })

  it('gives out nothing when the bytes are others than named, or change between the readings', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const message = Buffer.from('the package')
    await expect(signStream(privateKey, streamOf(message, 4), sha256(Buffer.from('x')))).rejects.toThrow(
      'not those',
    )
    let readings = 0
    const changing = () => streamOf(readings++ === 0 ? message : Buffer.from('the packagE'), 4)()
    await expect(signStream(privateKey, changing, sha256(message))).rejects.toThrow('not those')
    expect(readings).toBe(2)
  })
})
