import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { FileMissing } from '../../../../files/keys.ts'
import { inTx } from '../../../../tx.ts'
import { lockClaimed } from '../../queries/claims.ts'
import { findSubmission, type SubmissionRow } from '../../queries/submissions.ts'
import { claim, whileClaimed } from './claim.ts'
import { mailOutcome } from './mails.ts'
import { type Decision, decide } from './policy.ts'
import { presentSubmission, type Submission } from './present.ts'
import { publishSubmission } from './publish.ts'
import { type ScanResult, scanPackage } from './scan.ts'
import { slotsOf } from './slots.ts'
import { moveTo } from './state.ts'

/**
 * Brings a submission as far as it goes without a person: scans it, decides, publishes. Safe to run at any time, any number of
 * times, in any number of processes: each step is taken by whoever claims it, and begun anew when that one died.
 * @throws what kept a step from being taken: the job is tried again
 */
export async function processSubmission(ctx: Ctx, submissionId: string): Promise<void> {
  await slotsOf(ctx.deps).scanning.run(async () => {
    const row = await claim(ctx, submissionId, {
      from: ['received', 'scan_failed', 'scanning'],
      to: 'scanning',
    })
    if (row) await whileClaimed(ctx, row, () => scanAndDecide(ctx, row))
    await publishSubmission(ctx, submissionId)
  })
}

const isInvalidPackage = (error: unknown): error is AppError<'VSIX_INVALID'> =>
  error instanceof AppError && error.code === 'VSIX_INVALID'

/** Of a package that cannot even be opened. */
const nothingKnown = { difference: null, isFirstExtension: true, isUpdate: false, failure: null }

async function scanAndDecide(ctx: Ctx, row: SubmissionRow): Promise<void> {
  let result: ScanResult
  try {
    result = await scanPackage(ctx, row)
  } catch (error) {
    if (isInvalidPackage(error)) {
      result = { ...nothingKnown, findings: error.details?.findings ?? [] }
    } else if (error instanceof FileMissing) {
      ctx.log.error({ err: error, submissionId: row.id }, 'the bytes of a submission are gone')
      const message = 'the upload was lost on our side: submit the package again'
      result = { ...nothingKnown, findings: [{ rule: 'upload-lost', severity: 'error', message }] }
    } else if (error instanceof DOMException && error.name === 'TimeoutError') {
      ctx.log.error({ err: error, submissionId: row.id }, 'the checks of a package took too long')
      result = { ...nothingKnown, findings: [], failure: 'The checks of the package took too long.' }
    } else throw error
  }
  await conclude(ctx, row, result)
}

async function conclude(ctx: Ctx, { id, attempts }: SubmissionRow, result: ScanResult): Promise<void> {
  const { findings, difference, failure } = result
  const decision: Decision | { status: 'scan_failed'; reason: string } =
    failure === null
      ? decide({ ...result, trustUpdates: ctx.deps.env.TRUSTED_UPDATES })
      : { status: 'scan_failed', reason: failure }
  await inTx(ctx, async (ctx) => {
    // Taken over meanwhile: whoever did so decides.
    const row = await lockClaimed(ctx.db, { id, attempt: attempts, status: 'scanning' })
    if (!row) return
    const { status, reason } = decision
    const moved = await moveTo(ctx, id, status, {
      reason,
      findings,
      difference,
      claimedAt: null,
      scannedAt: failure === null ? ctx.deps.clock.now() : null,
    })
    await mailOutcome(ctx, moved)
  })
}

const POLL_MS = 100

/**
 * The state of a submission once it rests, or after a time: works on it right here unless another process does. For doors whose
 * clients wait for an answer.
 */
export async function awaitSubmission(ctx: Ctx, id: string, timeoutMs: number): Promise<Submission> {
  const deadline = performance.now() + timeoutMs
  const { promise: timeout, resolve: giveUp } = Promise.withResolvers<void>()
  const timer = setTimeout(giveUp, timeoutMs)
  // Goes on when nobody waits any more; its failure is the job's, which is enqueued.
  const work = processSubmission(systemPart(ctx), id).catch((error: unknown) =>
    ctx.log.warn({ err: error, submissionId: id }, 'submission not processed at once'),
  )
  try {
    await Promise.race([work, timeout])
    for (;;) {
      const row = await findSubmission(ctx.db, id)
      if (!row) throw new AppError('NOT_FOUND', { what: 'submission', id })
      const isMoving = row.status === 'received' || row.status === 'scanning' || row.status === 'approved'
      if (!isMoving || performance.now() > deadline) return presentSubmission(row)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  } finally {
    clearTimeout(timer)
  }
}

/** What the checks do is done by the system, whoever waits for it. */
const systemPart = (ctx: Ctx): Ctx => ({ ...ctx, actor: { type: 'system', job: 'marketplace.process' } })
