import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createDiskFiles } from '@devforge/server/files/disk'
import { FileMissing } from '@devforge/server/files/keys'
import { createS3Files } from '@devforge/server/files/s3'
import type { Files } from '@devforge/server/files/types'
import { createLog } from '@devforge/server/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { logSink } from '../support/log.ts'
import { openMarketplace } from '../support/marketplace.ts'
import { packVsix } from '../support/vsix.ts'

/**
 * The s3 driver needs a server: give its address and keys, and it is held to the same tests as the disk. `start-swift.sh` beside
 * this file starts one of Debian's packages.
 */
const { S3_TEST_ENDPOINT, S3_TEST_BUCKET, S3_TEST_ACCESS_KEY_ID, S3_TEST_SECRET_ACCESS_KEY } = process.env
const hasS3 = Boolean(S3_TEST_ENDPOINT && S3_TEST_BUCKET)

const MIB = 1024 * 1024
const OCTETS = { contentType: 'application/octet-stream' }

async function* inPieces(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}

async function keysOf(files: Files, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key, modifiedAt } of files.list(prefix)) {
    expect(Math.abs(modifiedAt.getTime() - Date.now())).toBeLessThan(60_000)
    keys.push(key)
  }
  return keys.sort()
}

function contract(open: () => Files): void {
  const top = `t-${randomBytes(4).toString('hex')}`
  let files: Files
  beforeAll(() => {
    files = open()
  })
  afterAll(() => files.deleteAll(top))

  it('keeps what is put, and knows what is not there', async () => {
    await files.put(`${top}/a/one.txt`, 'one', { contentType: 'text/plain' })
    expect((await files.read(`${top}/a/one.txt`))?.toString()).toBe('one')
    expect(await files.size(`${top}/a/one.txt`)).toBe(3)
    await files.put(`${top}/a/one.txt`, Buffer.from('two!'), OCTETS)
    expect(await files.size(`${top}/a/one.txt`)).toBe(4)
    expect(await files.read(`${top}/none`)).toBeNull()
    expect(await files.size(`${top}/none`)).toBeNull()
    await expect(files.stream(`${top}/none`)).rejects.toBeInstanceOf(FileMissing)
    await expect(files.open(`${top}/none`)).rejects.toBeInstanceOf(FileMissing)
    await expect(files.copy(`${top}/none`, `${top}/b`)).rejects.toBeInstanceOf(FileMissing)
    await files.delete(`${top}/none`)
  })

  it('takes streams of unknown length, empty, small, and of several parts', async () => {
    for (const length of [0, 5, 8 * MIB, 17 * MIB + 3]) {
      const bytes = randomBytes(length)
      await files.putStream(`${top}/s/${length}`, inPieces(bytes, 100_000), OCTETS)
      expect(await files.size(`${top}/s/${length}`)).toBe(length)
      expect((await buffer(await files.stream(`${top}/s/${length}`))).equals(bytes), String(length)).toBe(
        true,
      )
    }
  })

  it('leaves nothing of a stream that breaks, neither early nor after the first part', async () => {
    for (const length of [1_000, 12 * MIB]) {
      const breaking = (async function* () {
        yield* inPieces(randomBytes(length), 500_000)
        throw new Error('hung up')
      })()
      await expect(files.putStream(`${top}/broken`, breaking, OCTETS)).rejects.toThrow('hung up')
      expect(await files.size(`${top}/broken`)).toBeNull()
    }
    expect(await files.sweepPartial(new Date(Date.now() + 60_000))).toBe(0)
  })

  it('reads anywhere, and in part', async () => {
    const bytes = randomBytes(3 * MIB + 17)
    await files.put(`${top}/r`, bytes, OCTETS)
    const part = await buffer(await files.stream(`${top}/r`, { start: 10, end: 2 * MIB }))
    expect(part.equals(bytes.subarray(10, 2 * MIB + 1))).toBe(true)
    const access = await files.open(`${top}/r`)
    expect(access.size).toBe(bytes.length)
    for (const [offset, length] of [
      [0, 4],
      [bytes.length - 22, 22],
      [MIB - 5, 10],
      [100, 2 * MIB],
      [0, bytes.length],
    ] as const) {
      const read = await access.read(offset, length)
      expect(read.equals(bytes.subarray(offset, offset + length)), `${offset}+${length}`).toBe(true)
    }
    await expect(access.read(bytes.length - 1, 2)).rejects.toThrow(RangeError)
    await access.close()
  })

  it('copies, lists and deletes what is below a folder, and only that', async () => {
    await files.put(`${top}/ext_1/a`, 'a', OCTETS)
    await files.copy(`${top}/ext_1/a`, `${top}/ext_1/deep/b`)
    await files.copy(`${top}/ext_1/a`, `${top}/ext_1/deep/b`)
    await files.put(`${top}/ext_12/c`, 'c', OCTETS)
    expect(await keysOf(files, `${top}/ext_1`)).toEqual([`${top}/ext_1/a`, `${top}/ext_1/deep/b`])
    await files.delete(`${top}/ext_1/a`)
    expect((await files.read(`${top}/ext_1/deep/b`))?.toString()).toBe('a')
    await files.deleteAll(`${top}/ext_1`)
    await files.deleteAll(`${top}/ext_1`)
    expect(await keysOf(files, `${top}/ext_1`)).toEqual([])
    expect(await keysOf(files, `${top}/ext_12`)).toEqual([`${top}/ext_12/c`])
  })

  it('takes no key that could lead elsewhere', async () => {
    for (const key of [
      '../x',
      'a/../x',
      '/x',
      'a//b',
      '',
      'a/.partial',
      '.partial/x',
      'a\\b',
      'a\0b',
      'ä',
      'a/',
    ]) {
      await expect(async () => files.read(key), key).rejects.toThrow('not a key')
      await expect(async () => files.put(key, 'x', OCTETS), key).rejects.toThrow('not a key')
    }
  })
}

describe('files on disk', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'devforge-storage-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  contract(() => createDiskFiles(folder))

  it('have no addresses of their own, and leave no half file behind', async () => {
    const files = createDiskFiles(folder)
    expect(await files.signedUrl('a', { ttlSeconds: 60, fileName: 'a', contentType: 'x' })).toBeNull()
    expect(await readdir(join(folder, '.partial'))).toEqual([])
  })
})

describe.skipIf(!hasS3)('files in a bucket (skipped without S3_TEST_ENDPOINT)', () => {
  const open = () =>
    createS3Files(
      {
        S3_BUCKET: S3_TEST_BUCKET,
        S3_ENDPOINT: S3_TEST_ENDPOINT,
        S3_REGION: 'us-east-1',
        S3_ACCESS_KEY_ID: S3_TEST_ACCESS_KEY_ID,
        S3_SECRET_ACCESS_KEY: S3_TEST_SECRET_ACCESS_KEY,
        S3_FORCE_PATH_STYLE: true,
      },
      createLog('debug', logSink()),
    )
  contract(open)

  it('have presigned addresses, which name the file and serve ranges', async () => {
    const files = open()
    await files.put('presigned/x', '0123456789', OCTETS)
    const url = await files.signedUrl('presigned/x', {
      ttlSeconds: 60,
      fileName: 'a b"c.vsix',
      contentType: 'application/vsix',
    })
    const response = await fetch(url ?? '', { headers: { range: 'bytes=-3' } })
    expect(response.status).toBe(206)
    expect(await response.text()).toBe('789')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="a_b_c.vsix"')
    expect((await fetch((url ?? '').replace(/X-Amz-Signature=\w{4}/, 'X-Amz-Signature=0000'))).status).toBe(
      403,
    )
    await files.deleteAll('presigned')
  })

  it('serve a whole server: a package is published into the bucket and downloaded from it, not through us', async () => {
    await using t = await createTestApp({
      env: {
        FILES_DRIVER: 's3',
        S3_BUCKET: S3_TEST_BUCKET ?? '',
        S3_ENDPOINT: S3_TEST_ENDPOINT ?? '',
        S3_ACCESS_KEY_ID: S3_TEST_ACCESS_KEY_ID ?? '',
        S3_SECRET_ACCESS_KEY: S3_TEST_SECRET_ACCESS_KEY ?? '',
        S3_FORCE_PATH_STYLE: 'true',
      },
    })
    const m = await openMarketplace(t)
    expect(await m.publish()).toMatchObject({ status: 'published' })
    const { url } = await t.forge().call('marketplace.download', 'query', { id: `${m.publisher}.hello` })
    expect(url.startsWith(S3_TEST_ENDPOINT ?? '-')).toBe(true)
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
    expect(bytes.equals(await packVsix({ publisher: m.publisher }))).toBe(true)
    expect(await keysOf(t.deps.files, 'incoming')).toEqual([])
    await t.deps.files.deleteAll('extensions')
  })
})
