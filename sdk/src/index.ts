import { AdminApi } from './admin.ts'
import { AnalyticsApi } from './analytics/api.ts'
import { AuthApi } from './auth.ts'
import { createCaller } from './client/caller.ts'
import { fetchPublicKeys, type PublicKeys, type PublicKeysOptions } from './client/public-keys.ts'
import { createSessionKeeper, type Session, type SessionGrant } from './client/session-keeper.ts'
import { createSubscriber } from './client/subscriber.ts'
import { createTransport } from './client/transport.ts'
import { createUploader } from './client/upload.ts'
import type { Caller, Subscriber } from './contract.ts'
import { type KnowledgeApi, knowledgeApi } from './knowledge.ts'
import { LicensesApi } from './licenses.ts'
import { type MarketplaceApi, marketplaceApi } from './marketplace/index.ts'
import { PaymentsApi } from './payments.ts'
import { memorySessionStore, type SessionStore } from './session.ts'
import { type TicketsApi, ticketsApi } from './tickets/index.ts'
import { UsersApi } from './users.ts'

export type { PublicKey, PublicKeys, PublicKeysOptions } from './client/public-keys.ts'
export type { Session, SessionListener } from './client/session-keeper.ts'
export type { UploadOptions, UploadProgress, UploadSource } from './client/upload.ts'
export type { Contract, ErrorDetails } from './contract.gen.ts'
export type {
  Caller,
  CallOptions,
  CallPath,
  DetailsOf,
  DevForgeErrorCode,
  Input,
  Kind,
  Output,
  Path,
  StreamOptions,
  StreamPath,
  Subscriber,
} from './contract.ts'
export { DevForgeError, isDevForgeError } from './errors.ts'
export type { ExtensionPackage, FetchPackageOptions } from './marketplace/packages.ts'
export type { SubmitOptions } from './marketplace/submissions.ts'
export { checkLicenseKey, type LicenseKeyCheck } from './offline/license-key.ts'
export { memorySessionStore, type SessionStore, type StoredSession } from './session.ts'
export type { Attachment, AttachOptions } from './tickets/attachments.ts'
export type {
  AdminApi,
  AnalyticsApi,
  AuthApi,
  LicensesApi,
  MarketplaceApi,
  PaymentsApi,
  TicketsApi,
  UsersApi,
}

export interface DevForgeOptions {
  /** Where the server is, such as `https://forge.example.com`. */
  url: string
  /** Where the session is kept. Default: in memory, until the process ends. */
  session?: SessionStore
  /** An API token (`dfp_…`) instead of a session. */
  apiToken?: string
  /** The `fetch` to use. Default: the global one. */
  fetch?: typeof globalThis.fetch
  /** Language of messages and mails, such as `de`. */
  locale?: string
  /** Time for a call, retries included. Default: 20,000 ms. */
  timeoutMs?: number
  /** How often a call that may be repeated is tried again. Default: 3. */
  retries?: number
}

/** A client of one Dev Forge server. */
export interface DevForge {
  readonly auth: AuthApi
  readonly users: UsersApi
  readonly payments: PaymentsApi
  readonly licenses: LicensesApi
  readonly marketplace: MarketplaceApi
  readonly tickets: TicketsApi
  readonly analytics: AnalyticsApi
  readonly knowledge: KnowledgeApi
  readonly admin: AdminApi
  /** Who is signed in on this client. */
  readonly session: Session
  /** Calls a procedure by its path; the methods above are made of it. */
  readonly call: Caller
  /** Follows a procedure that streams, by its path. */
  readonly subscribe: Subscriber
  /** The server's address, without a slash at its end. */
  readonly url: string
  /** The public keys that the server signs with (`/.well-known/jwks.json`). */
  publicKeys(options?: PublicKeysOptions): Promise<PublicKeys>
}

const DEFAULT_TIMEOUT_MS = 20_000
const DEFAULT_RETRIES = 3

/**
 * A client of a Dev Forge server. Opens nothing until the first call, and holds nothing that must be closed.
 * Failures are {@link DevForgeError}s.
 * @example
 * const forge = createDevForge({ url: 'https://forge.example.com' })
 * const { items } = await forge.payments.plans()
 */
export function createDevForge(options: DevForgeOptions): DevForge {
  const url = options.url.replace(/\/+$/, '')
  const transport = createTransport({ ...options, url })
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const session = createSessionKeeper({
    store: options.session ?? memorySessionStore(),
    refresh: (sessionToken): Promise<SessionGrant> => call('auth.refresh', 'mutation', { sessionToken }),
    now: () => Date.now(),
  })
  const identity = options.apiToken === undefined ? { session } : { apiToken: options.apiToken }
  const retries = options.retries ?? DEFAULT_RETRIES
  const call = createCaller({ transport, timeoutMs, retries, identity })
  const upload = createUploader({ ...options, url, retries, identity })
  const publicKeys = (given?: PublicKeysOptions): Promise<PublicKeys> =>
    fetchPublicKeys({ url, fetch: options.fetch, timeoutMs, ...given })
  const subscribe = createSubscriber({ ...options, url, timeoutMs, identity })
  return {
    auth: new AuthApi(call, session),
    users: new UsersApi(call, session),
    payments: new PaymentsApi(call),
    licenses: new LicensesApi(call),
    marketplace: marketplaceApi({ call, subscribe, upload, publicKeys, fetch: options.fetch }),
    tickets: ticketsApi({ call, subscribe, upload }),
    analytics: new AnalyticsApi(call),
    knowledge: knowledgeApi(call),
    admin: new AdminApi(call),
    session: { current: session.current, onChange: session.onChange },
    call,
    subscribe,
    url,
    publicKeys,
  }
}
