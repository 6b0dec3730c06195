import { isIP } from 'node:net'
import type { Context } from 'hono'
import type { HttpEnv } from './context.ts'

/** An IPv4 address that came through an IPv6 socket, in its usual spelling; without zone index. */
function plainAddress(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7)
  const zone = address.indexOf('%')
  return zone === -1 ? address : address.slice(0, zone)
}

/** The address in one entry of X-Forwarded-For: some proxies add the port, `1.2.3.4:5` or `[::1]:5`. */
function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim()
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? undefined : plainAddress(bare)
}

/**
 * The client's address. Behind `hops` proxies of ours, each of which appends to X-Forwarded-For whom it heard, it is the entry
 * `hops` places from the right; what stands further left the client may have written itself. Without proxies the header is not read.
 */
export function clientAddress(socketAddress: string, forwardedFor: string | null, hops: number): string {
  const socket = plainAddress(socketAddress)
  if (hops === 0 || !forwardedFor) return socket
  const entries = forwardedFor.split(',')
  return forwardedAddress(entries[Math.max(0, entries.length - hops)] ?? '') ?? socket
}

/** Where `app.request` of a test has no socket. */
const NO_SOCKET = '127.0.0.1'

/** The address of whoever sent this request. */
export const clientIpOf = (c: Context<HttpEnv>, hops: number): string =>
  clientAddress(
    c.env?.incoming?.socket.remoteAddress ?? NO_SOCKET,
    hops === 0 ? null : c.req.raw.headers.get('x-forwarded-for'),
    hops,
  )

const FORWARDING_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const

/** Whether the request came from this very machine, and not through a proxy that runs on it. */
export function isLocal(c: Context<HttpEnv>): boolean {
  const ip = c.get('clientIp')
  if (ip !== '::1' && !ip.startsWith('127.')) return false
  return !FORWARDING_HEADERS.some((name) => c.req.raw.headers.has(name))
}
