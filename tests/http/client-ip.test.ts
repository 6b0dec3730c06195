import { clientAddress } from '@devforge/server/http/client-ip'
import { expect, test } from 'vitest'

test.each([
  ['no proxy of ours: whatever the header says is not read', '203.0.113.9', '1.2.3.4', 0, '203.0.113.9'],
  ['one proxy: what it appended', '10.0.0.1', '1.2.3.4, 198.51.100.7', 1, '198.51.100.7'],
  [
    'two proxies: the second from the right',
    '10.0.0.1',
    '6.6.6.6, 198.51.100.7, 10.0.0.2',
    2,
    '198.51.100.7',
  ],
  ['shorter than the proxies are many: the farthest there is', '10.0.0.1', '198.51.100.7', 3, '198.51.100.7'],
  ['a proxy that was gone around: no header', '203.0.113.9', null, 1, '203.0.113.9'],
  ['no address in the entry', '203.0.113.9', '1.2.3.4, unknown', 1, '203.0.113.9'],
  ['with its port', '10.0.0.1', '198.51.100.7:4711', 1, '198.51.100.7'],
  ['IPv6 with its port', '10.0.0.1', '[2001:db8::7]:4711', 1, '2001:db8::7'],
  ['IPv4 through an IPv6 socket', '::ffff:203.0.113.9', null, 0, '203.0.113.9'],
])('%s', (_, socket, header, hops, expected) => {
  expect(clientAddress(socket, header, hops)).toBe(expected)
})
