import { randomBytes } from 'node:crypto'
import type { Input, Output } from '@devforge/sdk'
import type { Person } from './people.ts'

export type WrittenArticle = Output<'knowledge.create'>

const unique = (): string => randomBytes(4).toString('hex')

/** A draft; what is not said is made up. */
export function draft(
  writer: Person,
  given: Partial<Input<'knowledge.create'>> = {},
): Promise<WrittenArticle> {
  const slug = given.slug ?? `article-${unique()}`
  return writer.forge.knowledge.create({
    title: `About ${slug}`,
    body: 'A text.',
    category: 'General',
    slug,
    ...given,
  })
}

/** The same, for readers to see. */
export async function published(
  writer: Person,
  given: Partial<Input<'knowledge.create'>> = {},
): Promise<WrittenArticle> {
  const { id, version } = await draft(writer, given)
  return writer.forge.knowledge.publish({ id, version })
}
