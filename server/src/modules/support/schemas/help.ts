import { z } from 'zod'
import { id, line } from '../../../wire.ts'
import { articleOutput } from '../../knowledge/schemas/writers.ts'

/** Articles of the knowledge base, for answers to a ticket. */
export const articleLinksInput = z.strictObject({
  id,
  articles: z.array(line(100)).min(1).max(20).describe('Slugs or ids'),
  locale: line(35).optional(),
})
export const articleLinksOutput = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      slug: z.string(),
      title: z.string(),
      url: z.string(),
      markdown: z.string().describe('To be put into the answer'),
    }),
  ),
  hidden: z.array(z.string()).describe('What the customer cannot read, or what there is not'),
})

export const draftArticleInput = z.strictObject({ id })
export const draftArticleOutput = articleOutput
