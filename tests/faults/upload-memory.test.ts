import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { packVsix, variantOf } from '../support/vsix.ts'
import { unzip, zipOf } from '../support/zip.ts'
import { TEST_MS, until } from './until.ts'
import { createWorld } from './world.ts'

const MIB = 1024 * 1024
const DATA_BYTES = 199 * MIB
const MOST_MIB = 32

/** A package of 200 MB in which nothing is compressed. */
function large(vsix: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = Buffer.alloc(DATA_BYTES)
  for (let at = 0; at < data.length; at += 4_096) data.writeUInt32LE(at, at)
  const files = unzip(vsix).set('extension/data.bin', data)
  return new Uint8Array(zipOf([...files].map(([name, bytes]) => ({ name, data: bytes, method: 0 }))))
}

// Guards: packages pass through as streams, from the socket to the signature; nothing holds one as a whole.
test('a package of 200 MB is taken in, checked and published in 32 MB of memory', {
  timeout: TEST_MS,
}, async () => {
  await using world = await createWorld({ env: { MALWARE_SCANNER: 'builtin' } })
  const server = await world.start()
  const author = await world.signUp({ admin: true })
  const { marketplace } = author.forge
  await marketplace.createPublisher({ name: 'heavy' })
  const vsix = await packVsix({ publisher: 'heavy' })
  const reached = (id: string, status: string) =>
    until(`${id} is ${status}`, async () => (await marketplace.submission({ id })).status === status)

  // Once small, so that everything is loaded that will be needed.
  const first = await marketplace.submit(vsix)
  await reached(first.id, 'needs_review')
  await marketplace.approve({ submissionId: first.id })
  await reached(first.id, 'published')
  const bytes = large(variantOf(vsix, { version: '1.0.1' }))

  const memory = async (): Promise<number> =>
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  const before = await memory()
  let most = before
  let measured = Promise.resolve()
  const timer = setInterval(() => {
    measured = memory().then((now) => {
      most = Math.max(most, now)
    })
  }, 20)
  try {
    const { id, sizeBytes } = await marketplace.submit(bytes)
    expect(sizeBytes).toBeGreaterThan(DATA_BYTES)
    await reached(id, 'published')
  } finally {
    clearInterval(timer)
    await measured
  }
  expect(most - before, `MB more than the ${before.toFixed(0)} before`).toBeLessThan(MOST_MIB)
})
