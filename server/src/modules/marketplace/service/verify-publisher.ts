import { randomBytes } from 'node:crypto'
import { addMs, DAY, HOUR } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { holdsToken, normalizeDomain, recordName, recordValue } from '../publisher-domain.ts'
import { domainsToCheck, lockDomain, lockHolderOfDomain } from '../queries/publisher-domains.ts'
import { ownerContacts } from '../queries/publisher-members.ts'
import { lockPublisher, type PublisherRow, updatePublisherRow } from '../queries/publishers.ts'
import { recordExtensionEvent } from './history.ts'
import { requireOwnerOrAdmin } from './publishers.ts'

/** A record that is gone for this long verifies nothing any more; name servers may fail for a day or two. */
const GRACE_MS = 7 * DAY
/** How often a record is looked for again. */
const CHECK_EVERY_MS = 20 * HOUR
const BATCH = 100

type Found = 'found' | 'not_found' | 'unreachable'
type Proof = PublisherRow & { domain: string; domainToken: string }

async function lookUp(ctx: Ctx, domain: string): Promise<string[] | null> {
  try {
    return await ctx.deps.dns.txt(recordName(domain))
  } catch (error) {
    ctx.log.info({ err: error, domain }, 'name servers did not answer')
    return null
  }
}

const found = (texts: string[] | null, token: string): Found =>
  texts === null ? 'unreachable' : holdsToken(texts, token) ? 'found' : 'not_found'

/**
 * Proves that a publisher belongs to a domain. The first call says which record to write into the DNS; every call looks for
 * it. Another domain than before starts anew.
 * @throws PUBLISHER_FORBIDDEN, PUBLISHER_DOMAIN_INVALID, PUBLISHER_DOMAIN_TAKEN
 */
export async function verifyPublisher(
  ctx: Ctx<SessionActor>,
  input: { publisher: string; domain?: string | undefined },
) {
  await ctx.deps.limits.consume([['domain:account', ctx.actor.userId]])
  const publisher = await prepare(ctx, input)
  const texts = await lookUp(ctx, publisher.domain)
  const result = found(texts, publisher.domainToken)
  const row =
    result === 'found'
      ? await settle(ctx, publisher, texts ?? [])
      : await inTx(ctx, (ctx) => miss(ctx, publisher, result))
  return {
    publisher: row.name,
    domain: publisher.domain,
    verified: row.domainVerifiedAt !== null,
    verifiedAt: row.domainVerifiedAt,
    record: {
      type: 'TXT' as const,
      name: recordName(publisher.domain),
      value: recordValue(publisher.domainToken),
    },
    problem: result === 'found' ? null : result,
  }
}

/** Notes which domain is to be proven, with a token of its own. */
async function prepare(
  ctx: Ctx<SessionActor>,
  input: { publisher: string; domain?: string | undefined },
): Promise<Proof> {
  return inTx(ctx, async (ctx) => {
    const row = await requireOwnerOrAdmin(ctx, input.publisher)
    const domain = input.domain === undefined ? row.domain : normalizeDomain(input.domain)
    if (domain === null) throw new AppError('PUBLISHER_DOMAIN_INVALID', { domain: input.domain ?? '' })
    if (domain === row.domain && row.domainToken !== null)
      return { ...row, domain, domainToken: row.domainToken }
    const domainToken = randomBytes(20).toString('base64url')
    const changed = await updatePublisherRow(ctx.db, row.id, {
      domain,
      domainToken,
      domainVerifiedAt: null,
      domainMissingSince: null,
      updatedAt: ctx.deps.clock.now(),
    })
    if (row.domainVerifiedAt !== null) await noteWithdrawn(ctx, row, 'another domain is to be proven')
    return { ...changed, domain, domainToken }
  })
}

/** Locks the publisher again: the DNS was asked outside of any transaction. Undefined when it has another proof by now. */
async function lockProof(ctx: Ctx, proof: Proof): Promise<PublisherRow | undefined> {
  const row = await lockPublisher(ctx.db, proof.id, 'update')
  return row?.domainToken === proof.domainToken ? row : undefined
}

/**
 * The record is there. Should another publisher be verified by the domain, its own record decides: gone with the domain's
 * former owner, or still there, and then both cannot be.
 */
async function settle(ctx: Ctx, proof: Proof, texts: string[]): Promise<PublisherRow> {
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    // Two who prove one domain at once wait for each other here.
    await lockDomain(ctx.db, proof.domain)
    const row = await lockProof(ctx, proof)
    if (!row) throw new AppError('CONFLICT')
    const holder = await lockHolderOfDomain(ctx.db, { domain: proof.domain, otherThan: proof.id })
    if (holder && holdsToken(texts, holder.domainToken)) {
      throw new AppError('PUBLISHER_DOMAIN_TAKEN', { domain: proof.domain })
    }
    if (holder) await withdraw(ctx, holder, 'the domain was proven by another publisher')
    const verified = await updatePublisherRow(ctx.db, row.id, {
      domainVerifiedAt: row.domainVerifiedAt ?? now,
      domainCheckedAt: now,
      domainMissingSince: null,
      updatedAt: now,
    })
    if (row.domainVerifiedAt === null) {
      await recordExtensionEvent(ctx, {
        publisherId: row.id,
        type: 'publisher.verified',
        after: { domain: proof.domain },
      })
      await ctx.deps.jobs.enqueue(ctx.db, 'marketplace.publisherChanged', { publisherId: row.id })
    }
    return verified
  })
}

/** The record is not there, or nobody could say. What is verified stays so for a while. */
async function miss(ctx: Ctx, proof: Proof, result: Exclude<Found, 'found'>): Promise<PublisherRow> {
  const row = await lockProof(ctx, proof)
  if (!row) return proof
  const now = ctx.deps.clock.now()
  // Nobody could say: it is not counted as a look, and so tried again soon.
  if (result === 'unreachable') return row
  if (row.domainVerifiedAt === null) return updatePublisherRow(ctx.db, row.id, { domainCheckedAt: now })
  const since = row.domainMissingSince ?? now
  if (now.getTime() - since.getTime() >= GRACE_MS) {
    const withdrawn = await withdraw(ctx, row, 'the record has been missing for a week')
    await mailOwners(ctx, row, (owner) => ({
      dedupeKey: `publisher-domain-withdrawn:${row.id}:${since.toISOString()}:${owner.userId}`,
      to: owner.email,
      template: 'publisher-domain-withdrawn' as const,
      data: { name: owner.name, publisher: row.name, domain: proof.domain },
    }))
    return withdrawn
  }
  if (row.domainMissingSince === null) {
    await mailOwners(ctx, row, (owner) => ({
      dedupeKey: `publisher-domain-missing:${row.id}:${since.toISOString()}:${owner.userId}`,
      to: owner.email,
      template: 'publisher-domain-missing' as const,
      data: {
        name: owner.name,
        publisher: row.name,
        domain: proof.domain,
        record: recordName(proof.domain),
        days: GRACE_MS / DAY,
      },
    }))
  }
  return updatePublisherRow(ctx.db, row.id, { domainCheckedAt: now, domainMissingSince: since })
}

async function mailOwners(
  ctx: Ctx,
  row: PublisherRow,
  mail: (owner: { userId: string; name: string; email: string }) => Parameters<typeof queueMail>[1],
): Promise<void> {
  for (const owner of await ownerContacts(ctx.db, row.id)) await queueMail(ctx, mail(owner))
}

async function withdraw(ctx: Ctx, row: PublisherRow, reason: string): Promise<PublisherRow> {
  const now = ctx.deps.clock.now()
  const withdrawn = await updatePublisherRow(ctx.db, row.id, {
    domainVerifiedAt: null,
    domainMissingSince: null,
    domainCheckedAt: now,
    updatedAt: now,
  })
  await noteWithdrawn(ctx, row, reason)
  return withdrawn
}

async function noteWithdrawn(ctx: Ctx, row: PublisherRow, reason: string): Promise<void> {
  await recordExtensionEvent(ctx, {
    publisherId: row.id,
    type: 'publisher.verification_withdrawn',
    reason,
    before: { domain: row.domain },
  })
  await ctx.deps.jobs.enqueue(ctx.db, 'marketplace.publisherChanged', { publisherId: row.id })
}

/** Looks for the record of every verified publisher again, now and then; one that is gone for a week verifies nothing any more. */
export async function recheckDomains(ctx: Ctx): Promise<void> {
  const before = addMs(ctx.deps.clock.now(), -CHECK_EVERY_MS)
  let after: string | undefined
  for (;;) {
    const rows = await domainsToCheck(ctx.db, { before, after, limit: BATCH })
    for (const row of rows) {
      await recheck(ctx, row).catch((error: unknown) =>
        ctx.log.error({ err: error, publisherId: row.id }, 'domain not checked'),
      )
    }
    after = rows.at(-1)?.id
    if (rows.length < BATCH) return
  }
}

async function recheck(ctx: Ctx, row: PublisherRow): Promise<void> {
  const { domain, domainToken } = row
  if (domain === null || domainToken === null) return
  const proof = { ...row, domain, domainToken }
  const texts = await lookUp(ctx, domain)
  const result = found(texts, domainToken)
  await (result === 'found' ? settle(ctx, proof, texts ?? []) : inTx(ctx, (ctx) => miss(ctx, proof, result)))
}
