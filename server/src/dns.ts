import { Resolver } from 'node:dns/promises'

/** What services ask the domain name system. Another one stands in for it in tests. */
export interface Dns {
  /**
   * The texts in a name's TXT records, each joined from its parts.
   * @returns an empty list when the name certainly has none
   * @throws when nobody could say: a timeout, a broken name server
   */
  txt(name: string): Promise<string[]>
}

const TIMEOUT_MS = 3_000
const TRIES = 2

/** Answers that are sure: no such name, no record of this type, and names that cannot exist. */
const CERTAIN = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

/** @param servers addresses of name servers, `ip:port`; default: those that the machine is set up with */
export function createDns(servers?: string[]): Dns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (servers) resolver.setServers(servers)
  return {
    async txt(name) {
      try {
        const records = await resolver.resolveTxt(name)
        return records.map((parts) => parts.join(''))
      } catch (error) {
        if (error instanceof Error && 'code' in error && CERTAIN.has(String(error.code))) return []
        throw error
      }
    },
  }
}
