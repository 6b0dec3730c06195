import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createDns } from '@devforge/server/dns'
import { afterAll, beforeAll, expect, test } from 'vitest'

// Our resolver against a name server that answers as name servers do (RFC 1035).

const NO_ERROR = 0
const SERVER_FAILURE = 2
const NO_SUCH_NAME = 3
const TXT = 16

/** Texts by name, each of the parts it is cut into; or the code of a refusal. */
const zone: Record<string, string[][] | number> = {
  '_devforge.proven.dev': [['v=spf1 -all'], ['devforge-verification=', 'in-two-parts']],
  '_devforge.empty.dev': [],
  '_devforge.gone.dev': NO_SUCH_NAME,
  '_devforge.broken.dev': SERVER_FAILURE,
}

function answer(query: Buffer): Buffer {
  const labels: string[] = []
  let end = 12
  for (let length = query[end] ?? 0; length > 0; length = query[end] ?? 0) {
    labels.push(query.subarray(end + 1, end + 1 + length).toString())
    end += 1 + length
  }
  const question = query.subarray(12, end + 5)
  const found = zone[labels.join('.').toLowerCase()] ?? NO_SUCH_NAME
  const texts = typeof found === 'number' ? [] : found
  const header = Buffer.alloc(12)
  header.writeUInt16BE(query.readUInt16BE(0), 0)
  header.writeUInt16BE(0x8180 | (typeof found === 'number' ? found : NO_ERROR), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(texts.length, 6)
  const records = texts.map((parts) => {
    const data = Buffer.concat(parts.map((part) => Buffer.from([part.length, ...Buffer.from(part)])))
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(TXT, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(60, 6)
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })
  return Buffer.concat([header, question, ...records])
}

const socket = createSocket('udp4')
beforeAll(async () => {
  socket.on('message', (query, { port, address }) => socket.send(answer(query), port, address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
})
afterAll(() => socket.close())

test('texts are joined, their absence is certain, and a name server that fails says nothing', async () => {
  const { port } = socket.address() as AddressInfo
  const dns = createDns([`127.0.0.1:${port}`])
  expect(await dns.txt('_devforge.proven.dev')).toEqual(['v=spf1 -all', 'devforge-verification=in-two-parts'])
  expect(await dns.txt('_devforge.empty.dev')).toEqual([])
  expect(await dns.txt('_devforge.gone.dev')).toEqual([])
  await expect(dns.txt('_devforge.broken.dev')).rejects.toMatchObject({ code: 'ESERVFAIL' })
})
