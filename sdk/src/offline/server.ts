import type { PublicKeys, PublicKeysOptions } from '../client/public-keys.ts'
import type { CallOptions, Input, Output } from '../contract.ts'
import { DevForgeError, isDevForgeError } from '../errors.ts'
import { type LeaseKey, leaseKeysOf } from './jws.ts'
import {
  type Lease,
  type Read,
  type RevocationList,
  readLease,
  readRevocations,
  type Trust,
} from './lease.ts'
import type { Denial, LicenseRecord } from './record.ts'

type Method<P extends keyof LicenseMethods> = (
  input: Input<LicenseMethods[P]>,
  options?: CallOptions,
) => Promise<Output<LicenseMethods[P]>>

interface LicenseMethods {
  activate: 'licenses.activate'
  lease: 'licenses.lease'
  revocations: 'licenses.revocations'
  deactivate: 'licenses.deactivate'
  startTrial: 'licenses.startTrial'
}

/** What the license manager needs of a client; `createDevForge` gives one. */
export interface LicenseClient {
  readonly url: string
  readonly licenses: { [P in keyof LicenseMethods]: Method<P> }
  publicKeys(options?: PublicKeysOptions): Promise<PublicKeys>
}

/** Enough for a million entries in one go; what is left then comes next time. */
const MOST_PAGES = 1_000

export interface SignedReaderOptions {
  forge: LicenseClient
  issuer: string
  /** Keys that came with the application: then no others are believed. */
  pinned: readonly LeaseKey[] | undefined
}

/** Reads what the server signed, fetching its keys when one is met that is not known yet. */
export interface SignedReader {
  lease(jws: string, known: KnownKeys, signal?: AbortSignal): Promise<{ lease: Lease; keys: LeaseKey[] }>
  revocations(
    jws: string,
    known: KnownKeys,
    signal?: AbortSignal,
  ): Promise<{ list: RevocationList; keys: LeaseKey[] }>
}

type KnownKeys = Pick<LicenseRecord, 'keys' | 'withdrawnKids'>

export const leaseInvalid = (reason: string): DevForgeError<'LEASE_INVALID'> =>
  new DevForgeError('LEASE_INVALID', `The server's answer cannot be believed (${reason}).`, {
    details: { reason },
  })

/** Whether a lease was not believed for want of its key or of a network only, so that it may be good after all. */
export const notVerifiedYet = (error: unknown): boolean =>
  !isDevForgeError(error, 'LEASE_INVALID') || error.details?.reason === 'unknown_key'

export function createSignedReader({ forge, issuer, pinned }: SignedReaderOptions): SignedReader {
  async function read<T>(
    known: KnownKeys,
    signal: AbortSignal | undefined,
    attempt: (trust: Trust) => Promise<Read<T>>,
  ): Promise<{ value: T; keys: LeaseKey[] }> {
    const good = (keys: readonly LeaseKey[]) => keys.filter((key) => !known.withdrawnKids.includes(key.kid))
    let keys = [...(pinned ?? known.keys)]
    let result = await attempt({ issuer, keys: good(keys) })
    if (!result.ok && result.reason === 'unknown_key' && !pinned) {
      const fetched = leaseKeysOf(await forge.publicKeys({ signal, kid: result.kid }))
      keys = merge(fetched, keys)
      result = await attempt({ issuer, keys: good(fetched) })
    }
    if (!result.ok) throw leaseInvalid(result.reason)
    return { value: result.value, keys }
  }
  return {
    async lease(jws, known, signal) {
      const { value, keys } = await read(known, signal, (trust) => readLease(jws, trust))
      return { lease: value, keys }
    },
    async revocations(jws, known, signal) {
      const { value, keys } = await read(known, signal, (trust) => readRevocations(jws, trust))
      return { list: value, keys }
    },
  }
}

/** Keys that retired at the server stay known here: the lease in hand may be signed with one. */
function merge(fetched: LeaseKey[], known: readonly LeaseKey[]): LeaseKey[] {
  return [...fetched, ...known.filter((key) => !fetched.some((newer) => newer.kid === key.kid))].slice(0, 20)
}

/** Fetches what the revocation list has had to say since the record's number. Throws LEASE_INVALID on a rollback. */
export async function fetchRevocations(
  forge: LicenseClient,
  reader: SignedReader,
  record: LicenseRecord,
  signal?: AbortSignal,
): Promise<{ list: RevocationList; keys: LeaseKey[] }> {
  let keys = record.keys
  let whole: RevocationList | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const since = whole?.sequence ?? record.sequence
    const answer = await forge.licenses.revocations({ since }, { signal })
    const known = { keys, withdrawnKids: record.withdrawnKids }
    const read = await reader.revocations(answer.list, known, signal)
    const { list } = read
    keys = read.keys
    // An older list than one seen before, or the answer to another question: somebody plays back.
    if (list.since !== since || list.sequence < since) throw leaseInvalid('rollback')
    whole = whole ? { ...list, since: whole.since, entries: [...whole.entries, ...list.entries] } : list
    if (!list.more) break
  }
  if (!whole) throw leaseInvalid('rollback')
  return { list: whole, keys }
}

/** The denial that an error of `licenses.lease` means; null when it says nothing about the license. */
export function denialOf(error: unknown): Denial | null {
  if (isDevForgeError(error, 'LICENSE_NOT_FOUND')) return 'key_unknown'
  if (isDevForgeError(error, 'DEVICE_NOT_FOUND')) return 'device_removed'
  if (!isDevForgeError(error, 'LICENSE_NOT_ACTIVE')) return null
  const status = error.details?.status
  return status === 'suspended' || status === 'expired' ? status : 'revoked'
}
