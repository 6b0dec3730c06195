import type { AccountActor, Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { findDoorExtensions, findDoorPackages } from '../../queries/open-vsx.ts'
import { STRANGER } from '../gallery/viewer.ts'
import { removeVersions } from '../manage-extension.ts'
import { createPublisher, findPublisher, requireMember } from '../publishers.ts'
import { submitPackage } from '../submissions/intake.ts'
import type { Submission } from '../submissions/present.ts'
import { awaitSubmission } from '../submissions/process.ts'
import { doorUrls, getExtension } from './look-up.ts'

/** `ovsx` gives up after 30 seconds without a byte. */
const WAIT_MS = 20_000
/** As many findings as one line of a terminal bears. */
const MAX_TOLD = 10

export interface Published {
  /** Where the package is, or will be once somebody let it pass. */
  location: string
  extension: Record<string, unknown>
}

/**
 * Takes a package in and waits for what becomes of it. What is held for a moderator, or could not be checked yet, is an answer
 * with a `warning`, which `ovsx` prints: the author has nothing more to do.
 * @throws what `submitPackage` throws; VERSION_EXISTS for a package that is published, even this very one; VSIX_INVALID with the
 * findings when it was rejected
 */
export async function publishPackage(
  ctx: Ctx<AccountActor>,
  body: AsyncIterable<Uint8Array>,
): Promise<Published> {
  const taken = await submitPackage(ctx, body)
  const submission = taken.status === 'published' ? taken : await awaitSubmission(ctx, taken.id, WAIT_MS)
  const { version, targetPlatform } = submission
  const [namespace = '', name = ''] = submission.extension.split('.')
  const address = { namespace, name, version, targetPlatform }
  const location = doorUrls(ctx).package(address)
  switch (submission.status) {
    case 'published': {
      if (!taken.created) throw alreadyPublished(submission)
      return { location, extension: await getExtension(ctx, address, STRANGER) }
    }
    case 'rejected':
      throw rejected(submission)
    default:
      return { location, extension: held(submission, namespace, name) }
  }
}

const titleOf = ({ extension, version, targetPlatform }: Submission): string =>
  `${extension} v${version}${targetPlatform === 'universal' ? '' : `@${targetPlatform}`}`

/** `ovsx publish --skip-duplicate` knows it by the end of the message. */
const alreadyPublished = (submission: Submission): AppError =>
  new AppError(
    'VERSION_EXISTS',
    {
      extension: submission.extension,
      version: submission.version,
      targetPlatform: submission.targetPlatform,
    },
    { message: `Extension ${titleOf(submission)} is already published.` },
  )

function rejected(submission: Submission): AppError {
  const errors = submission.findings.filter(({ severity }) => severity === 'error')
  const lines = errors.slice(0, MAX_TOLD).map(({ file, line, message }) => {
    const place = [file, line].filter((part) => part !== undefined).join(':')
    return `  ${place === '' ? '' : `${place}: `}${message}`
  })
  const more = errors.length > MAX_TOLD ? [`  and ${errors.length - MAX_TOLD} more`] : []
  const reason = submission.reason ?? 'It did not pass the checks.'
  const message = [`${titleOf(submission)} was rejected: ${reason}`, ...lines, ...more].join('\n')
  return new AppError('VSIX_INVALID', { findings: errors }, { message })
}

function held(submission: Submission, namespace: string, name: string): Record<string, unknown> {
  const waits =
    submission.status === 'needs_review'
      ? `${titleOf(submission)} is not public yet: a moderator looks at it first${submission.reason ? ` (${submission.reason})` : ''}. You will get a mail; there is nothing more to do.`
      : `${titleOf(submission)} is not public yet: its checks are not finished. It is published by itself once they are; you will get a mail if anything is wrong.`
  return {
    namespace,
    name,
    version: submission.version,
    targetPlatform: submission.targetPlatform,
    preRelease: submission.preRelease,
    active: false,
    files: {},
    allVersions: {},
    versionAlias: [],
    warning: `${waits} Submission: ${submission.id}`,
  }
}

/** Takes a name. @throws PUBLISHER_TAKEN, PUBLISHER_LIMIT */
export async function createNamespace(ctx: Ctx<AccountActor>, name: string): Promise<string> {
  const publisher = await createPublisher(ctx, { name, displayName: name })
  return publisher.name
}

/** @throws PUBLISHER_NOT_FOUND, PUBLISHER_FORBIDDEN when the caller may not publish under the name */
export async function checkRights(ctx: Ctx<AccountActor>, namespace: string): Promise<void> {
  if (!(await findPublisher(ctx.db, namespace))) {
    throw new AppError(
      'PUBLISHER_NOT_FOUND',
      { name: namespace },
      { message: `Namespace not found: ${namespace}` },
    )
  }
  await requireMember(ctx, namespace)
}

export interface Unpublish {
  namespace: string
  name: string
  /** Absent: every version there is. */
  versions?: { version: string; targetPlatform?: string | undefined }[] | undefined
}

/**
 * Removes packages for good. `ovsx` promises its users that ("deleted versions can never be published again"), and who unpublishes
 * what leaked a secret must be able to rely on it; to hide a version from search only, there is `marketplace.yank`. The extension
 * itself stays its publisher's, so that a later version can be published.
 * @returns one line for each version, as the client prints them
 * @throws EXTENSION_NOT_FOUND, PUBLISHER_FORBIDDEN for a member who is no owner
 */
export async function unpublish(ctx: Ctx<AccountActor>, wanted: Unpublish): Promise<string> {
  const identifier = `${wanted.namespace}.${wanted.name}`
  const versions = wanted.versions ?? (await everyVersion(ctx, identifier))
  if (versions.length > 0) {
    await removeVersions(ctx, { identifier, versions, reason: 'unpublished by its author' })
  } else {
    await requireMember(ctx, wanted.namespace, { role: 'owner' })
  }
  return versions
    .map(({ version, targetPlatform }) => {
      const platform = targetPlatform === undefined ? '' : `@${targetPlatform}`
      return `Deleted ${identifier} v${version}${platform}`
    })
    .join('\n')
}

async function everyVersion(ctx: Ctx, identifier: string): Promise<NonNullable<Unpublish['versions']>> {
  const [extension] = await findDoorExtensions(ctx.db, { identifier })
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id: identifier })
  const packages = await findDoorPackages(ctx.db, [extension.id])
  return [...new Set(packages.map(({ version }) => version))].map((version) => ({ version }))
}
