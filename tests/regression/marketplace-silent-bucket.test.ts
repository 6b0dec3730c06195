import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createS3Files } from '@devforge/server/files/s3'
import { createLog } from '@devforge/server/log'
import { expect, test } from 'vitest'
import { logSink } from '../support/log.ts'

// The SDK of the bucket waits for ever by itself: a bucket that took connections and said nothing held every place for scanning and
// uploading, while the claims of those who waited were renewed.
test('a bucket that says nothing is given up', async () => {
  const open = new Set<Socket>()
  const server = createServer((socket) => open.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const files = createS3Files(
    {
      S3_BUCKET: 'packages',
      S3_REGION: 'us-east-1',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_ACCESS_KEY_ID: 'id',
      S3_SECRET_ACCESS_KEY: 'secret',
      S3_FORCE_PATH_STYLE: true,
    },
    createLog('debug', logSink()),
    { connectionTimeout: 1_000, socketTimeout: 200 },
  )
  await expect(files.size('incoming/smn_1.vsix')).rejects.toMatchObject({ name: 'TimeoutError' })
  await expect(files.put('incoming/smn_1.vsix', 'x', { contentType: 'x' })).rejects.toThrow()
  expect(open.size).toBeGreaterThan(1)
  for (const socket of open) socket.destroy()
  server.close()
})
