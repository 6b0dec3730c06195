import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'

type Point = InstanceType<typeof ed25519.Point>

/** The order of the group. */
const { Fn } = ed25519.Point

/** Hashes are read as little-endian numbers and reduced (RFC 8032, 5.1.6). */
function scalarOf(hash: Buffer): bigint {
  return Fn.create(BigInt(`0x${Buffer.from(hash).reverse().toString('hex')}`))
}

/** SHA-512 over some bytes and then the stream, and SHA-256 over the stream alone. */
async function hashStream(
  head: Uint8Array[],
  stream: AsyncIterable<Uint8Array>,
): Promise<{ sha512: Buffer; sha256: Buffer }> {
  const sha512 = createHash('sha512')
  const sha256 = createHash('sha256')
  for (const bytes of head) sha512.update(bytes)
  for await (const chunk of stream) {
    sha512.update(chunk)
    sha256.update(chunk)
  }
  return { sha512: sha512.digest(), sha256: sha256.digest() }
}

function assertSame(found: Uint8Array, expected: Uint8Array): void {
  // One nonce over two different messages would give the private key away.
  if (found.length !== expected.length || !timingSafeEqual(found, expected))
    throw new Error('the bytes to be signed are not those that were named')
}

/**
 * Plain Ed25519 (RFC 8032, 5.1.6), which anybody verifies as usual, over a message too large to be held in memory: Node signs
 * whole buffers only. The message is read twice, and both readings must have the named SHA-256.
 */
export async function signStream(
  privateKey: KeyObject,
  open: () => Promise<AsyncIterable<Uint8Array>>,
  sha256: Uint8Array,
): Promise<Buffer> {
  const { d } = privateKey.export({ format: 'jwk' })
  if (!d) throw new Error('not a private Ed25519 key')
  const { scalar, prefix, point, pointBytes } = ed25519.utils.getExtendedPublicKey(
    Buffer.from(d, 'base64url'),
  )

  const first = await hashStream([prefix], await open())
  assertSame(first.sha256, sha256)
  const r = scalarOf(first.sha512)
  const R: Point = ed25519.Point.BASE.multiply(r)
  const rBytes = R.toBytes()

  const second = await hashStream([rBytes, pointBytes], await open())
  assertSame(second.sha256, sha256)
  const k = scalarOf(second.sha512)
  const s = Fn.create(r + Fn.mul(k, scalar))
  // A fault in the arithmetic must not get out: it could tell of the key.
  if (!ed25519.Point.BASE.multiply(s).equals(R.add(point.multiply(k))))
    throw new Error('the signature does not verify')
  return Buffer.concat([rBytes, Buffer.from(Fn.toBytes(s))])
}
