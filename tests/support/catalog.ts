import type { AccountActor, Ctx } from '@devforge/server/context'
import { systemContext } from '@devforge/server/context'
import { AppError } from '@devforge/server/errors'
import { createPublisher } from '@devforge/server/modules/marketplace/service/publishers'
import { submitPackage } from '@devforge/server/modules/marketplace/service/submissions/intake'
import { publishSubmission } from '@devforge/server/modules/marketplace/service/submissions/publish'
import type { TestApp } from './app.ts'
import { signUp } from './people.ts'

/** Somebody who publishes. */
export interface Author {
  id: string
  ctx: Ctx<AccountActor>
}

/** An account with publishers of these names. */
export async function createAuthor(t: TestApp, ...publishers: string[]): Promise<Author> {
  const { id } = await signUp(t)
  const actor: AccountActor = { type: 'user', userId: id, sessionId: 'ses_of_a_test' }
  const ctx: Ctx<AccountActor> = { ...systemContext(t.deps, { type: 'system', job: 'test' }), actor }
  for (const name of publishers) await createPublisher(ctx, { name, displayName: `${name} inc.` })
  return { id, ctx }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/**
 * A package goes the whole way into the catalog, and the moderator is not asked: for tests of what is done with published
 * extensions. @returns the extension's id (`ext_…`)
 */
export async function publish(
  t: TestApp,
  author: Author,
  vsix: Uint8Array,
  options: { preRelease?: boolean } = {},
): Promise<string> {
  const { id } = await submitPackage(author.ctx, once(vsix), options).catch((error: unknown) => {
    const details = error instanceof AppError ? JSON.stringify(error.details) : ''
    throw new Error(`the package was refused ${details}`, { cause: error })
  })
  const { sql } = t.deps
  await sql`update submissions set status = 'approved', claimed_at = null where id = ${id} and status <> 'published'`
  await publishSubmission(systemContext(t.deps, { type: 'system', job: 'test' }), id)
  const [row] = await sql<{ extension_id: string | null; status: string; reason: string | null }[]>`
    select extension_id, status, reason from submissions where id = ${id}`
  if (row?.status !== 'published' || !row.extension_id) {
    throw new Error(`the package was not published: ${row?.status} ${row?.reason}`)
  }
  return row.extension_id
}
