import type { Db } from '@devforge/db'
import type { Ctx } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { findContactRow, upsertUserByEmail } from './queries.ts'

/** Whom mails about an account go to. */
export interface Contact {
  userId: string
  name: string
  email: string
}

/** Name and address of an account. @throws NOT_FOUND when it does not exist or was deleted */
export async function findContact(db: Db, userId: string): Promise<Contact> {
  const row = await findContactRow(db, userId)
  if (!row) throw notFound('user', userId)
  return row
}

/**
 * The account of a mail address; made without a way to sign in if there is none, so that a license can be given to
 * somebody who has yet to sign up. Proving the address (password reset, or sign-up and verification) opens it.
 */
export async function ensureUserByEmail(ctx: Ctx, address: string): Promise<Contact> {
  const email = address.trim().toLowerCase()
  const name = email.split('@')[0] ?? email
  const row = await upsertUserByEmail(ctx.db, { email, name, now: ctx.deps.clock.now() })
  if (!row) throw notFound('user')
  return row
}
