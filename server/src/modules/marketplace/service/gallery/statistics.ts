import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { findExtensionId } from '../../queries/gallery.ts'
import { TARGET_PLATFORMS } from '../../vsix/manifest/agreement.ts'
import { recordUsage } from '../usage.ts'

export interface ToldStatistic {
  /** `publisher.name`, any case. */
  name: string
  version: string
  statType: string | undefined
  targetPlatform: string | undefined
  /** The editor's own id. */
  client?: string
}

/**
 * An editor tells what its user did. Only uninstalls come this way; installs and updates are seen when the package is fetched.
 * @throws AppError INVALID_INPUT for another kind, EXTENSION_NOT_FOUND
 */
export async function countStatistic(
  ctx: Pick<Ctx, 'deps' | 'ip'>,
  { name, version, statType, targetPlatform, client }: ToldStatistic,
): Promise<void> {
  if (statType !== 'uninstall') {
    throw new AppError('INVALID_INPUT', { issues: [{ path: 'statType', message: 'Must be uninstall.' }] })
  }
  const extensionId = await findExtensionId(ctx.deps.sql, name.toLowerCase())
  if (extensionId === null) throw new AppError('EXTENSION_NOT_FOUND', { id: name, version })
  recordUsage(ctx, {
    extensionId,
    version,
    targetPlatform: platformOf(targetPlatform),
    kind: 'uninstall',
    ...(client === undefined ? {} : { client }),
  })
}

/** A platform that there is; whatever else somebody writes there is as good as none. */
const platformOf = (told: string | undefined): string =>
  TARGET_PLATFORMS.find((platform) => platform === told) ?? 'universal'
