import { z } from 'zod'
import { id } from '../../../wire.ts'
import { category, subject, version } from './tickets.ts'

export const mergeInput = z.strictObject({
  from: id.describe('The one that is closed'),
  into: id.describe('The one that goes on'),
  version: version.optional().describe('Of the one that is closed'),
})
export const unmergeInput = z.strictObject({ id: id.describe('The one that was merged') })
export const splitInput = z.strictObject({
  id,
  messageIds: z
    .array(id)
    .min(1)
    .max(500)
    .refine((ids) => new Set(ids).size === ids.length, 'Name each message once.'),
  subject,
  category: category.optional().describe('Default: that of the ticket'),
  version: version.optional(),
})
export const unsplitInput = z.strictObject({ id: id.describe('The one that the split made') })
