import { randomBytes } from 'node:crypto'
import { newId } from '@devforge/db'
import { writeAudit } from '../../../audit.ts'
import { addMs, DAY } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { type PageInput, toPage } from '../../../wire.ts'
import { API_TOKEN_PREFIX, refuseImpersonation } from '../actor.ts'
import { MAX_API_TOKENS } from '../constants.ts'
import * as queries from '../queries/api-tokens.ts'
import type { CreateApiTokenInput } from '../schemas.ts'

const TOKEN_BYTES = 32
const HINT_LENGTH = 4
const DEFAULT_TTL_MS = 90 * DAY
const MAX_TTL_MS = 366 * DAY

/**
 * Makes a token for CI and scripts. It is shown in this answer and never again: only its hash is kept.
 * @throws AUTH_API_TOKEN_LIMIT, INVALID_INPUT for an end in the past or more than a year ahead
 */
export async function createApiToken(ctx: Ctx<SessionActor>, input: CreateApiTokenInput) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  const now = ctx.deps.clock.now()
  const expiresAt = input.expiresAt ?? addMs(now, DEFAULT_TTL_MS)
  if (expiresAt <= now || expiresAt > addMs(now, MAX_TTL_MS)) {
    throw new AppError('INVALID_INPUT', {
      issues: [{ path: 'expiresAt', message: 'Give a time within the next 366 days.' }],
    })
  }
  if ((await queries.countApiTokens(ctx.db, userId)) >= MAX_API_TOKENS) {
    throw new AppError('AUTH_API_TOKEN_LIMIT', { limit: MAX_API_TOKENS })
  }
  const token = `${API_TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`
  const shown = {
    id: newId('tok'),
    name: input.name,
    scopes: [...new Set(input.scopes)],
    hint: token.slice(-HINT_LENGTH),
    expiresAt,
    createdAt: now,
  }
  await inTx(ctx, async (ctx) => {
    await queries.insertApiToken(ctx.db, { ...shown, userId, tokenHash: sha256(token), updatedAt: now })
    await writeAudit(ctx, {
      action: 'user.api_token_created',
      subject: userId,
      after: { token: shown.id, scopes: shown.scopes },
    })
  })
  return { ...shown, lastUsedAt: null, token }
}

/** The caller's tokens that are not revoked, newest first. */
export async function apiTokens(ctx: Ctx<SessionActor>, page: PageInput) {
  const rows = await queries.listApiTokens(ctx.db, { userId: ctx.actor.userId, ...page })
  return toPage(rows, page.limit, (row) => row)
}

/** Ends a token at once. @throws NOT_FOUND for one that is not the caller's */
export async function revokeApiToken(ctx: Ctx<SessionActor>, { id }: { id: string }): Promise<{ ok: true }> {
  const { userId } = ctx.actor
  await inTx(ctx, async (ctx) => {
    const found = await queries.revokeApiToken(ctx.db, { userId, id, now: ctx.deps.clock.now() })
    if (!found) throw notFound('api token', id)
    await writeAudit(ctx, { action: 'user.api_token_revoked', subject: userId, before: { token: id } })
  })
  return { ok: true }
}
