import type { Finding } from '@devforge/db'
import type { Ctx } from '../../../../context.ts'
import { editDistance, toleranceOf } from '../../lookalikes/distance.ts'
import { skeletonOf } from '../../lookalikes/skeleton.ts'
import { findLookAlikes } from '../../queries/lookalikes.ts'

interface Names {
  publisherId: string
  /** As the manifest spells it. */
  name: string
  displayName: string
}

const isNear = (skeleton: string, other: string): boolean =>
  skeleton !== '' &&
  other !== '' &&
  editDistance(skeleton, other, toleranceOf(skeleton.length)) <= toleranceOf(skeleton.length)

/**
 * Whether names could be taken for those of a well-known extension of somebody else: that waits for a person, who can tell
 * a fork or a namesake from a trap.
 */
export async function findConfusable(
  ctx: Ctx,
  { publisherId, name, displayName }: Names,
): Promise<Finding[]> {
  const skeletons = { name: skeletonOf(name), displayName: skeletonOf(displayName) }
  const candidates = await findLookAlikes(ctx.db, { ...skeletons, publisherId })
  return candidates.flatMap((known): Finding[] => {
    const alike = [
      ...(isNear(skeletons.name, known.nameSkeleton) ? [`the name ${name}`] : []),
      ...(isNear(skeletons.displayName, known.displayNameSkeleton)
        ? [`the display name “${displayName}”`]
        : []),
    ]
    if (alike.length === 0) return []
    return [
      {
        rule: 'name-confusable',
        severity: 'hold',
        message: `${alike.join(' and ')} could be taken for ${known.identifier} (“${known.displayName}”)`,
      },
    ]
  })
}
