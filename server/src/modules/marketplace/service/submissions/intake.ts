import type { AccountActor, Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { createMeter, type Meter } from '../../../../files/meter.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { isMemberAnywhere } from '../../queries/publisher-members.ts'
import {
  findByIdempotencyKey,
  findOpenSubmission,
  findPublished,
  findSubmission,
  insertSubmission,
  newSubmissionId,
  type PackageIdentity,
  type SubmissionRow,
} from '../../queries/submissions.ts'
import { openPackage } from '../../vsix/index.ts'
import { requireMember } from '../publishers.ts'
import { presentSubmission, type Submission } from './present.ts'
import { slotsOf } from './slots.ts'
import { recordState } from './state.ts'

export interface SubmitOptions {
  /** Offered to those who asked for pre-releases only; packages may say so themselves. */
  preRelease?: boolean | undefined
  idempotencyKey?: string | undefined
}

/** `created` is false when the very same package was here already: nothing happened. */
export type SubmittedPackage = Submission & { created: boolean }

/** What the archive says of itself, as far as taking it in needs. */
interface Arrived {
  id: string
  storageKey: string
  sha256: Buffer
  sizeBytes: number
  publisher: string
  name: string
  version: string
  targetPlatform: string
  preRelease: boolean
  manifest: Record<string, unknown>
}

const NO_PUBLISHER =
  'Your account belongs to no publisher. Create one, or ask an owner of one to add you; then publish under its name.'

/** Where a package lies until it is published. */
export const incomingKey = (submissionId: string): string => `incoming/${submissionId}.vsix`

/**
 * Takes a package in: written to the storage, counted and hashed while it arrives, then looked at, and noted for its checks.
 * Whatever goes wrong, nothing of it is left behind. The same bytes again are the same submission; so is the same idempotency key.
 * @throws VSIX_TOO_LARGE VSIX_INVALID PUBLISHER_FORBIDDEN VERSION_EXISTS EXTENSION_REMOVED IDEMPOTENCY_CONFLICT AUTH_RATE_LIMITED
 */
export async function submitPackage(
  ctx: Ctx<AccountActor>,
  body: AsyncIterable<Uint8Array>,
  options: SubmitOptions = {},
): Promise<SubmittedPackage> {
  refuseImpersonation(ctx.actor)
  const { files, env, limits } = ctx.deps
  // Whose the package is stands in the package: who publishes nothing at all need not send it.
  if (!(await isMemberAnywhere(ctx.db, ctx.actor.userId))) {
    throw new AppError('PUBLISHER_FORBIDDEN', { publisher: null }, { message: NO_PUBLISHER })
  }
  await limits.consume([['submit:account', ctx.actor.userId]])
  const id = newSubmissionId()
  const storageKey = incomingKey(id)
  const meter = createMeter({ limitBytes: env.MAX_VSIX_BYTES, code: 'VSIX_TOO_LARGE' })
  await files.putStream(storageKey, meter.through(body), { contentType: 'application/octet-stream' })
  try {
    const arrived = await look(ctx, { id, storageKey, meter })
    const { row, created } = await register(ctx, arrived, options)
    if (!created) await discard(ctx, storageKey)
    return { ...presentSubmission(row), created }
  } catch (error) {
    // Whether a lost connection had committed is not known: the sweep looks at the rows, and then at the file.
    if (error instanceof AppError) await discard(ctx, storageKey)
    throw error
  }
}

/** A file that cannot be deleted now is the sweep's: it must not hide what happened. */
async function discard(ctx: Ctx, storageKey: string): Promise<void> {
  try {
    await ctx.deps.files.delete(storageKey)
  } catch (error) {
    ctx.log.warn({ err: error, storageKey }, 'upload not discarded')
  }
}

async function look(
  ctx: Ctx,
  { id, storageKey, meter }: { id: string; storageKey: string; meter: Meter },
): Promise<Arrived> {
  return slotsOf(ctx.deps).opening.run(async () => {
    const access = await ctx.deps.files.open(storageKey)
    try {
      const pkg = await openPackage(access)
      try {
        const { publisher, name, version, targetPlatform, preRelease } = pkg.identity
        return {
          id,
          storageKey,
          sha256: meter.sha256(),
          sizeBytes: meter.sizeBytes(),
          publisher,
          name,
          version,
          targetPlatform,
          preRelease,
          manifest: pkg.manifest,
        }
      } finally {
        await pkg.close()
      }
    } finally {
      await access.close()
    }
  })
}

/** The row, its first event and the job that looks into it: all or nothing. */
async function register(
  ctx: Ctx<AccountActor>,
  arrived: Arrived,
  options: SubmitOptions,
): Promise<{ row: SubmissionRow; created: boolean }> {
  const { actor } = ctx
  return inTx(ctx, async (ctx) => {
    // Held, the publisher is neither removed nor left meanwhile.
    const publisher = await requireMember(ctx, arrived.publisher, { lock: 'share' })
    const known = await findKnown(ctx, arrived, publisher.name, options)
    if (known.row) return { row: known.row, created: false }
    const now = ctx.deps.clock.now()
    const identity = identityOf(publisher.name, arrived)
    const row = await insertSubmission(ctx.db, {
      id: arrived.id,
      publisherId: publisher.id,
      extensionId: known.extensionId,
      userId: actor.userId,
      tokenId: actor.type === 'token' ? actor.tokenId : null,
      ...identity,
      preRelease: isPreRelease(arrived, options.preRelease),
      sha256: arrived.sha256,
      sizeBytes: arrived.sizeBytes,
      storageKey: arrived.storageKey,
      manifest: arrived.manifest,
      idempotencyKey: options.idempotencyKey ?? null,
      createdAt: now,
      updatedAt: now,
    })
    if (!row) {
      // Another one was faster, a moment ago.
      const { row: winner } = await findKnown(ctx, arrived, publisher.name, options)
      if (!winner) throw new AppError('CONFLICT')
      return { row: winner, created: false }
    }
    await recordState(ctx, row.id, { status: 'received' })
    await ctx.deps.jobs.enqueue(ctx.db, 'marketplace.process', { submissionId: row.id })
    return { row, created: true }
  })
}

/** Of the package itself or of who submits it, whichever says so. */
const isPreRelease = (arrived: Arrived, asked = false): boolean => arrived.preRelease || asked

const identityOf = (publisher: string, { name, version, targetPlatform }: Arrived): PackageIdentity => ({
  identifier: `${publisher}.${name}`.toLowerCase(),
  version,
  targetPlatform,
})

/**
 * The submission that this package is a repetition of, if it is one; and the extension, if it is known.
 * @throws IDEMPOTENCY_CONFLICT VERSION_EXISTS EXTENSION_REMOVED
 */
async function findKnown(
  ctx: Ctx<AccountActor>,
  arrived: Arrived,
  publisher: string,
  { idempotencyKey, preRelease }: SubmitOptions,
): Promise<{ row?: SubmissionRow; extensionId: string | null }> {
  const { userId } = ctx.actor
  if (idempotencyKey !== undefined) {
    const before = await findByIdempotencyKey(ctx.db, { userId, idempotencyKey })
    const isSame =
      before?.sha256.equals(arrived.sha256) && before.preRelease === isPreRelease(arrived, preRelease)
    if (before && !isSame) throw new AppError('IDEMPOTENCY_CONFLICT')
    if (before) return { row: before, extensionId: before.extensionId }
  }
  const identity = identityOf(publisher, arrived)
  const published = await findPublished(ctx.db, identity)
  if (published?.extensionStatus === 'removed') {
    throw new AppError('EXTENSION_REMOVED', { extension: identity.identifier })
  }
  const extensionId = published?.extensionId ?? null
  const open = await findOpenSubmission(ctx.db, identity)
  // A tombstone is never taken up again, not even by its own bytes.
  const isRemoved = published?.versionStatus === 'removed'
  if (open && !isRemoved && open.sha256.equals(arrived.sha256)) return { row: open, extensionId }
  if (published?.versionStatus) {
    const same = !isRemoved && published.sha256?.equals(arrived.sha256) && published.submissionId
    const row = same ? await findSubmission(ctx.db, same) : undefined
    if (row) return { row, extensionId }
  }
  if (open || published?.versionStatus) throw versionExists(identity, open?.status)
  return { extensionId }
}

function versionExists(
  { identifier, version, targetPlatform }: PackageIdentity,
  status: SubmissionRow['status'] | undefined,
): AppError {
  const platform = targetPlatform === 'universal' ? '' : ` (${targetPlatform})`
  const what = `${identifier} v${version}${platform}`
  return new AppError(
    'VERSION_EXISTS',
    { extension: identifier, version, targetPlatform },
    {
      message:
        status === undefined || status === 'published'
          ? `${what} is already published.`
          : `Another package of ${what} is on its way already. Raise the version to publish a change.`,
    },
  )
}
