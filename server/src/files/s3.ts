import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { S3Driver } from 'flydrive/drivers/s3'
import { MINUTE, SECOND } from '../clock.ts'
import type { Env } from '../env.ts'
import type { Logger } from '../log.ts'
import { createBlockReader } from './block-reader.ts'
import { attachment, checkedKey, checkedPrefix, FileMissing } from './keys.ts'
import { relieve } from './relief.ts'
import type { Files } from './types.ts'

/** S3 takes no smaller parts (5 MiB) and no more than 10,000: this serves files of 80 GB, in the memory of one part. */
const PART_BYTES = 8 * 1024 * 1024

type S3Env = Pick<
  Env,
  | 'S3_BUCKET'
  | 'S3_REGION'
  | 'S3_ENDPOINT'
  | 'S3_ACCESS_KEY_ID'
  | 'S3_SECRET_ACCESS_KEY'
  | 'S3_FORCE_PATH_STYLE'
>

/** When a bucket is taken not to answer any more. The SDK by itself waits for ever, and whoever works on a package with it. */
const TIMEOUTS = { connectionTimeout: 5 * SECOND, socketTimeout: 2 * MINUTE }

function createClient(env: S3Env, requestHandler: typeof TIMEOUTS): S3Client {
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env
  return new S3Client({
    region: env.S3_REGION,
    requestHandler,
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    // Checksums beyond the signature are an extension that many S3-compatible services do not know.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(env.S3_ENDPOINT ? { endpoint: env.S3_ENDPOINT } : {}),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
  })
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'NoSuchKey' || error.name === 'NotFound') return true
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'httpStatusCode' in metadata &&
    metadata.httpStatusCode === 404
  )
}

/** Files in a bucket. flydrive's driver does what it can; ranges, streams of unknown length and random access go to S3 itself. */
export function createS3Files(env: S3Env, log: Logger, timeouts = TIMEOUTS): Files {
  const bucket = env.S3_BUCKET
  if (!bucket) throw new Error('FILES_DRIVER=s3 needs S3_BUCKET')
  const client = createClient(env, timeouts)
  const driver = new S3Driver({ client, bucket, visibility: 'private', supportsACL: false })

  async function uploadParts(
    key: string,
    parts: AsyncIterator<Buffer>,
    first: Buffer,
    contentType: string,
  ): Promise<void> {
    const target = { Bucket: bucket, Key: key }
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ ...target, ContentType: contentType }),
    )
    if (!UploadId) throw new Error('the bucket gave no id for an upload in parts')
    try {
      const done: { PartNumber: number; ETag: string | undefined }[] = []
      for (let part: Buffer | undefined = first; part; ) {
        const PartNumber = done.length + 1
        const { ETag } = await client.send(
          new UploadPartCommand({ ...target, UploadId, PartNumber, Body: part }),
        )
        done.push({ PartNumber, ETag })
        const next: IteratorResult<Buffer> = await parts.next()
        part = next.done ? undefined : next.value
      }
      await client.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: done } }),
      )
    } catch (error) {
      // Parts cost money until they are given up; what fails here is found again by the sweep.
      await client
        .send(new AbortMultipartUploadCommand({ ...target, UploadId }))
        .catch((cause: unknown) => log.warn({ err: cause, key }, 'upload in parts not given up'))
      throw error
    }
  }

  async function sizeOf(key: string): Promise<number | null> {
    try {
      const { ContentLength } = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: checkedKey(key) }),
      )
      return ContentLength ?? null
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async function get(key: string, range?: { start: number; end: number }) {
    try {
      const { Body } = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: checkedKey(key),
          ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
        }),
      )
      if (!Body) throw new FileMissing(key)
      return Body
    } catch (error) {
      throw isMissing(error) ? new FileMissing(key, { cause: error }) : error
    }
  }

  const files: Files = {
    put: (key, body, { contentType }) => driver.put(checkedKey(key), body, { contentType }),
    async putStream(key, body, { contentType }) {
      checkedKey(key)
      const parts = inParts(body)
      const first = await parts.next()
      const bytes = first.done ? Buffer.alloc(0) : first.value
      if (bytes.length < PART_BYTES) await driver.put(key, bytes, { contentType })
      else await uploadParts(key, parts, bytes, contentType)
    },
    async read(key) {
      try {
        const body = await get(key)
        return Buffer.from(await body.transformToByteArray())
      } catch (error) {
        if (error instanceof FileMissing) return null
        throw error
      }
    },
    // In Node the SDK's bodies are Node streams.
    stream: async (key, range) => (await get(key, range)) as unknown as Readable,
    async open(key) {
      const size = await sizeOf(key)
      if (size === null) throw new FileMissing(key)
      return createBlockReader(size, async (start, end) =>
        Buffer.from(await (await get(key, { start, end })).transformToByteArray()),
      )
    },
    size: sizeOf,
    async copy(from, to) {
      try {
        await driver.copy(checkedKey(from), checkedKey(to))
      } catch (error) {
        throw isMissing(error) ? new FileMissing(from, { cause: error }) : error
      }
    },
    delete: (key) => driver.delete(checkedKey(key)),
    async deleteAll(prefix) {
      const keys: string[] = []
      for await (const { key } of files.list(prefix)) keys.push(key)
      // One by one: deleting many at once needs checksums that S3-compatible services disagree about, and there are ten.
      for (const key of keys) await driver.delete(key)
    },
    async *list(prefix) {
      // With its slash, or `ext_1` would list `ext_12`, too.
      let paginationToken: string | undefined
      do {
        const page = await driver.listAll(`${checkedPrefix(prefix)}/`, {
          recursive: true,
          ...(paginationToken ? { paginationToken } : {}),
        })
        for (const found of page.objects) {
          if (found.isFile) yield { key: found.key, modifiedAt: (await found.getMetaData()).lastModified }
        }
        paginationToken = page.paginationToken
      } while (paginationToken)
    },
    signedUrl: (key, { ttlSeconds, fileName, contentType }) =>
      driver.getSignedUrl(checkedKey(key), {
        expiresIn: ttlSeconds,
        contentType,
        contentDisposition: attachment(fileName),
      }),
    async sweepPartial(before) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      let swept = 0
      for (const { Key, UploadId, Initiated } of Uploads) {
        if (!Initiated || Initiated >= before) continue
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
        swept++
      }
      return swept
    },
  }
  return files
}

/** Cuts what arrives into parts of exactly PART_BYTES; the last may be smaller. Each part is a buffer of its own. */
async function* inParts(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let part = Buffer.allocUnsafe(PART_BYTES)
  let filled = 0
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.length; ) {
      const length = Math.min(chunk.length - taken, PART_BYTES - filled)
      part.set(chunk.subarray(taken, taken + length), filled)
      taken += length
      filled += length
      if (filled < PART_BYTES) continue
      yield part
      relieve(part.length)
      part = Buffer.allocUnsafe(PART_BYTES)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}
