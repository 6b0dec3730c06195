import { createHash, randomUUID } from 'node:crypto'
import { newId } from '@devforge/db'
import type { Output } from '@devforge/sdk'
import type { Deps } from '@devforge/server/deps'
import { CHANNEL, submissionTopic } from '@devforge/server/realtime/notify'

type Status = Output<'marketplace.onSubmission'>['status']

/** A submission of a publisher that the user owns, in a state of its own: these tests are about telling states, not about reaching them. */
export async function insertSubmission({ sql }: Pick<Deps, 'sql'>, userId: string): Promise<string> {
  const id = newId('smn')
  const publisherId = newId('pub')
  const name = `watched-${randomUUID()}`
  const sha256 = createHash('sha256').update(id).digest()
  await sql`insert into publishers (id, name, name_key, display_name) values (${publisherId}, ${name}, ${name}, ${name})`
  await sql`insert into publisher_members (publisher_id, user_id, role) values (${publisherId}, ${userId}, 'owner')`
  await sql`
    insert into submissions (id, publisher_id, user_id, identifier, version, target_platform, pre_release, sha256, size_bytes,
      storage_key, manifest)
    values (${id}, ${publisherId}, ${userId}, ${`${name}.x`}, '1.0.0', 'universal', false, ${sha256}, 1, 'incoming/x', '{}')`
  await moveSubmission({ sql }, id, 'received')
  return id
}

/** What a service does that moves a submission on: state, history and notification in one transaction. */
export async function moveSubmission(
  { sql }: Pick<Deps, 'sql'>,
  id: string,
  status: Status,
  reason: string | null = null,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`update submissions set status = ${status} where id = ${id}`
    await tx`
      insert into submission_events (submission_id, status, actor, reason, at)
      values (${id}, ${status}, 'test', ${reason}, now())`
    await tx`select pg_notify(${CHANNEL}, ${submissionTopic(id)})`
  })
}
