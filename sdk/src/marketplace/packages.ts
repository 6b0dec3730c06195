import { startDeadline } from '../client/deadline.ts'
import { foreignAnswer, networkError } from '../client/failure.ts'
import type { Caller, CallOptions, Input, Output } from '../contract.ts'
import { isDevForgeError } from '../errors.ts'
import { methodsOf } from './methods.ts'
import { checkPackage, type FetchKeys, packageInvalid } from './package-check.ts'

export interface FetchPackageOptions {
  /** Told of every piece that arrives. */
  onProgress?(progress: { receivedBytes: number; totalBytes: number }): void
  signal?: AbortSignal
  /** Time for all of it. Default: 900,000 ms. */
  timeoutMs?: number
}

/** A package whose bytes are what its publisher published here. */
export type ExtensionPackage = Output<'marketplace.download'> & { bytes: Uint8Array<ArrayBuffer> }

/** Packages as they are installed. */
export interface PackagesApi {
  /**
   * Where a package can be had: `url` needs no header and is good until `expiresAt`. The newest version that is no pre-release unless
   * `version` says otherwise; the package for all platforms where there is none for `targetPlatform`. {@link fetchPackage} also gets
   * and checks it.
   * @throws EXTENSION_NOT_FOUND, ENTITLEMENT_REQUIRED (`details.amountMinor`: buy it with `payments.createCheckout`);
   * for what is paid also AUTH_SESSION_ENDED, AUTH_BANNED
   */
  download(
    input: Input<'marketplace.download'>,
    options?: CallOptions,
  ): Promise<Output<'marketplace.download'>>

  /**
   * Gets a package and checks it: size, SHA-256, and the server's Ed25519 signature with the keys of `/.well-known/jwks.json`. What
   * does not match is refused as a whole.
   * @throws what {@link download} throws, PACKAGE_INVALID (`details.reason`), NETWORK, TIMEOUT, ABORTED
   */
  fetchPackage(input: Input<'marketplace.download'>, options?: FetchPackageOptions): Promise<ExtensionPackage>
}

export interface PackagesClient {
  call: Caller
  publicKeys: FetchKeys
  fetch?: typeof globalThis.fetch | undefined
}

const FETCH_MS = 900_000

export const packagesApi = ({ call, publicKeys, fetch }: PackagesClient): PackagesApi => ({
  ...methodsOf<PackagesApi>(call, { download: 'query' }),
  async fetchPackage(input, { onProgress, signal, timeoutMs = FETCH_MS } = {}) {
    const deadline = startDeadline(timeoutMs, signal)
    try {
      const grant = await call('marketplace.download', 'query', input, { signal: deadline.signal })
      const bytes = await deadline.race(
        receive(fetch ?? globalThis.fetch, grant, deadline.signal, (receivedBytes) =>
          onProgress?.({ receivedBytes, totalBytes: grant.sizeBytes }),
        ),
      )
      await deadline.race(checkPackage(bytes, grant, publicKeys))
      return { ...grant, bytes }
    } catch (error) {
      throw isDevForgeError(error) ? error : networkError(error)
    } finally {
      deadline.done()
    }
  },
})

/** Reads no more than was announced: whoever serves the bytes is not believed. */
async function receive(
  fetch: typeof globalThis.fetch,
  { url, sizeBytes }: Pick<Output<'marketplace.download'>, 'url' | 'sizeBytes'>,
  signal: AbortSignal,
  tell: (receivedBytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // No token goes along, so a redirect (to a bucket) may be followed.
  const response = await fetch(url, { signal, credentials: 'omit' })
  if (!response.ok || !response.body) throw foreignAnswer(response)
  const bytes = new Uint8Array(sizeBytes)
  const reader = response.body.getReader()
  let received = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return bytes.subarray(0, received)
    if (received + value.byteLength > sizeBytes) {
      await reader.cancel()
      throw packageInvalid('size')
    }
    bytes.set(value, received)
    received += value.byteLength
    tell(received)
  }
}
