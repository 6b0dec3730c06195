import type { CallOptions } from '../contract.ts'
import { isDevForgeError, orLocalFailure } from '../errors.ts'
import { type Holding, newHolding, supersedes, takeOver } from './apply.ts'
import { noticeTime, plausibleNow } from './clock-guard.ts'
import { createKeeper, type Identity, type Keeper, type Loaded } from './keeper.ts'
import { checkLicenseKey } from './license-key.ts'
import type {
  DeviceInfo,
  LicenseListener,
  LicenseManagerOptions,
  SyncOptions,
  SyncResult,
} from './options.ts'
import { startRenewal } from './renewal.ts'
import {
  createSignedReader,
  denialOf,
  type LicenseClient,
  notVerifiedYet,
  type SignedReader,
} from './server.ts'
import { judge, type Known, type LicenseStatus, type Pending, sameStatus } from './status.ts'
import { knownOf, syncHolding } from './sync.ts'

/** The high-water mark of time is written at most this often. */
const NOTE_TIME_EVERY_MS = 60_000

function keyOf(loaded: Loaded): string | null {
  if (loaded.kind === 'held') return loaded.holding.record.key
  return loaded.kind === 'pending' ? loaded.key : null
}

/**
 * The license on this machine: kept, verified and judged without a network, renewed when there is one.
 * Begin with `load()`, which only reads storage; then `start()` renews in the background.
 */
export class LicenseManager {
  readonly #forge: LicenseClient
  readonly #keeper: Keeper
  readonly #reader: SignedReader
  readonly #now: () => number
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Set<LicenseListener>()
  #loaded: Loaded = { kind: 'none', reason: null }
  #told: LicenseStatus = judge({ kind: 'none', reason: null }, 0)
  #notedMs = 0
  #queue: Promise<unknown> = Promise.resolve()
  #syncing: { options: SyncOptions; result: Promise<SyncResult> } | undefined
  #stop: (() => void) | undefined

  constructor({ forge, storage, fingerprint, trustedKeys, now, onError, ...rest }: LicenseManagerOptions) {
    const issuer = rest.issuer ?? forge.url
    this.#forge = forge
    this.#keeper = createKeeper({ storage, fingerprint, issuer, trustedKeys })
    this.#reader = createSignedReader({ forge, issuer, pinned: trustedKeys })
    this.#now = now ?? Date.now
    this.#onError = onError ?? (() => {})
  }

  /** What the stored license is worth. Reads and verifies storage, nothing else; never rejects. */
  load(): Promise<LicenseStatus> {
    return this.#serially(async () => {
      try {
        this.#take(await this.#keeper.load())
      } catch (error) {
        this.#take({ kind: 'none', reason: 'unreadable' })
        this.#onError(error)
      }
      return this.check()
    })
  }

  /** The status at this moment, from memory: ask as often as you like. Notices expiry, and a clock that was set back. */
  check(): LicenseStatus {
    const loaded = this.#loaded
    if (loaded.kind !== 'held') return this.#tell(loaded, null)
    const nowMs = plausibleNow(loaded.holding.guard, this.#now())
    if (nowMs !== null) this.#noteTime(loaded.holding, nowMs)
    return this.#tell(knownOf(loaded.holding), nowMs)
  }

  /**
   * Activates a license on this machine. A key with a typo is refused without a request. Where the answer cannot be verified
   * yet (no network for the server's public keys), this rejects, the key is kept (`pending`), and the next sync goes on.
   * @throws LICENSE_NOT_FOUND, LICENSE_NOT_ACTIVE, LICENSE_DEVICE_LIMIT (`details.devices`), NETWORK, LEASE_INVALID
   */
  activate(key: string, device: DeviceInfo = {}, options: CallOptions = {}): Promise<LicenseStatus> {
    return this.#adopt(options, async ({ fingerprint }) => {
      const { lease } = await this.#forge.licenses.activate({ key, fingerprint, ...device }, options)
      return { key, lease }
    })
  }

  /**
   * Starts the free trial of the signed-in person on this machine. Its key is kept as with {@link activate}.
   * @throws TRIAL_ALREADY_USED, AUTH_REQUIRED, NETWORK, LEASE_INVALID
   */
  startTrial(device: DeviceInfo = {}, options: CallOptions = {}): Promise<LicenseStatus> {
    return this.#adopt(options, ({ fingerprint }) =>
      this.#forge.licenses.startTrial({ fingerprint, ...device }, options),
    )
  }

  /**
   * Asks the server for news: what was revoked, and a new lease if this one is older than seven days, no good, or `force`d.
   * Without a network nothing changes and `error` says so; it does not reject. Calls at the same time are one,
   * but for a `force`d one while another is running.
   */
  async sync(options: SyncOptions = {}): Promise<SyncResult> {
    const running = this.#syncing
    if (!running || (options.force && !running.options.force)) return this.#beginSync(options)
    const result = await running.result
    // Ended by the signal of whoever began it, `close()` for one: that is not this caller's wish.
    const endedByOther = isDevForgeError(result.error, 'ABORTED') && running.options.signal !== options.signal
    return endedByOther ? this.sync(options) : result
  }

  /**
   * Frees this machine's place on the license and forgets it here.
   * @throws NETWORK: then nothing is forgotten, since the place is still taken
   */
  deactivate(options: CallOptions = {}): Promise<LicenseStatus> {
    return this.#serially(async () => {
      const { fingerprint } = await this.#keeper.who()
      await this.#rereadStorage()
      const key = keyOf(this.#loaded)
      if (key !== null) {
        try {
          await this.#forge.licenses.deactivate({ key, fingerprint }, options)
        } catch (error) {
          // Not there any more: that is what was wanted.
          if (denialOf(error) === null) throw error
        }
      }
      await this.#keeper.clear()
      this.#take({ kind: 'none', reason: null })
      return this.check()
    })
  }

  /** Calls the listener whenever the status changes. Returns the way to stop. */
  onChange(listener: LicenseListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Renews in the background until `close()` or the signal. Its timers keep no process alive. */
  start(options: { signal?: AbortSignal } = {}): void {
    if (this.#stop || options.signal?.aborted) return
    this.#stop = startRenewal({
      tick: () => this.check(),
      sync: async (signal) => {
        const { error } = await this.sync({ signal })
        if (error && !signal.aborted) this.#onError(error)
        return error === null
      },
    })
    options.signal?.addEventListener('abort', () => void this.close(), { once: true })
  }

  /** Stops the background renewal and waits for what is being written. The manager can still be asked, and started again. */
  async close(): Promise<void> {
    this.#stop?.()
    this.#stop = undefined
    await this.#queue
  }

  #beginSync(options: SyncOptions): Promise<SyncResult> {
    const result = this.#serially(() => this.#sync(options))
      .catch((error) => ({ status: this.check(), error: orLocalFailure(error) }))
      .finally(() => {
        if (this.#syncing?.result === result) this.#syncing = undefined
      })
    this.#syncing = { options, result }
    return result
  }

  async #sync(options: SyncOptions): Promise<SyncResult> {
    await this.#rereadStorage()
    const loaded = this.#loaded
    if (loaded.kind === 'pending') await this.#syncPending(loaded, options.signal)
    if (loaded.kind !== 'held') return { status: this.check(), error: null }
    const { holding, error } = await syncHolding(loaded.holding, {
      forge: this.#forge,
      reader: this.#reader,
      identity: await this.#keeper.who(),
      now: this.#now,
      force: options.force ?? false,
      signal: options.signal,
    })
    // While the server was asked, another process may have activated or deactivated: its word stands.
    await this.#rereadStorage()
    if (this.#holds(loaded.holding)) {
      this.#take({ kind: 'held', holding })
      await this.#save(holding).catch(this.#onError)
    }
    return { status: this.check(), error }
  }

  /** Fetches a lease for a key whose first lease could not be verified. */
  async #syncPending(pending: Pending, signal: AbortSignal | undefined): Promise<void> {
    const { key } = pending
    const { fingerprint, device } = await this.#keeper.who()
    const { lease: jws } = await this.#forge.licenses.lease({ key, fingerprint }, { signal })
    const holding = await this.#read(key, jws, device, signal)
    await this.#rereadStorage()
    // Deactivated or activated by another process meanwhile.
    if (this.#loaded.kind !== 'pending' || this.#loaded.key !== key) return
    this.#take({ kind: 'held', holding })
    await this.#save(holding).catch(this.#onError)
  }

  /** What a lease just received makes of its key. */
  async #read(key: string, jws: string, device: string, signal: AbortSignal | undefined): Promise<Holding> {
    const { lease, keys } = await this.#reader.lease(jws, { keys: [], withdrawnKids: [] }, signal)
    return newHolding(key, { jws, lease, keys }, device, this.#now())
  }

  /** Keeps a key whose lease could not be verified yet, unless there is a license that works. */
  async #keepPending(key: string): Promise<void> {
    await this.#rereadStorage()
    const { state } = this.check()
    if (state === 'valid' || state === 'grace') return
    this.#take({ kind: 'pending', key })
    this.check()
    await this.#keeper.savePending(key).catch(this.#onError)
  }

  /** Takes what another process of the application has activated, renewed, noted or cleared meanwhile. */
  async #rereadStorage(): Promise<boolean> {
    const stored = await this.#keeper.changes().catch((error) => {
      this.#onError(error)
      return null
    })
    if (stored === null) return false
    const mine = this.#loaded
    if (mine.kind !== 'held') this.#take(stored)
    else if (stored.kind === 'held') {
      if (!supersedes(stored.holding, mine.holding)) return false
      this.#take({ kind: 'held', holding: takeOver(stored.holding, mine.holding) })
    } else if (stored.kind === 'pending' || (stored.kind === 'none' && stored.reason === null)) {
      this.#take(stored)
    }
    // What cannot be read is written over.
    else return false
    return true
  }

  #adopt(
    options: CallOptions,
    obtain: (identity: Identity) => Promise<{ key: string; lease: string }>,
  ): Promise<LicenseStatus> {
    return this.#serially(async () => {
      const identity = await this.#keeper.who()
      const { key, lease: jws } = await obtain(identity)
      const checked = checkLicenseKey(key)
      const spelled = checked.ok ? checked.key : key
      const holding = await this.#read(spelled, jws, identity.device, options.signal).catch(async (error) => {
        if (notVerifiedYet(error)) await this.#keepPending(spelled)
        throw error
      })
      this.#take({ kind: 'held', holding })
      // Told before it is written: a full disk does not undo the purchase, it only forgets it at the next start.
      const status = this.check()
      await this.#save(holding)
      return status
    })
  }

  /** Whether the lease at hand is still this one. */
  #holds({ record }: Holding): boolean {
    return this.#loaded.kind === 'held' && this.#loaded.holding.record.lease === record.lease
  }

  #take(loaded: Loaded): void {
    this.#loaded = loaded
    if (loaded.kind === 'held') this.#notedMs = loaded.holding.record.seenMs
  }

  #tell(known: Known, nowMs: number | null): LicenseStatus {
    const status = judge(known, nowMs)
    const previous = this.#told
    if (sameStatus(previous, status)) return previous
    this.#told = status
    for (const listener of [...this.#listeners]) {
      try {
        listener(status, previous)
      } catch (error) {
        this.#onError(error)
      }
    }
    return status
  }

  #noteTime(holding: Holding, nowMs: number): void {
    holding.guard = noticeTime(holding.guard, nowMs)
    const { seenMs } = holding.guard
    if (seenMs - this.#notedMs < NOTE_TIME_EVERY_MS) return
    this.#notedMs = seenMs
    this.#serially(async () => {
      // Deactivated or replaced meanwhile, here or by another process: then there is nothing to note.
      if (this.#loaded.kind !== 'held' || this.#loaded.holding !== holding) return
      if (await this.#rereadStorage()) this.check()
      else await this.#save(holding)
    }).catch(this.#onError)
  }

  async #save(holding: Holding): Promise<void> {
    await this.#keeper.save(holding)
    this.#notedMs = Math.max(this.#notedMs, holding.guard.seenMs)
  }

  /** One thing at a time: what is read must be what is written back. */
  #serially<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task)
    this.#queue = result.catch(() => {})
    return result
  }
}
