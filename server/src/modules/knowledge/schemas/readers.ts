import { z } from 'zod'
import { id, line, pageInput, pageOf } from '../../../wire.ts'
import { VISIBILITIES } from '../viewer.ts'

export const visibility = z
  .enum(VISIBILITIES)
  .describe('public: everybody; customers: signed in; agents: support')
/** A BCP 47 language tag; kept in lower case. */
export const locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'Give a language tag like en or de-AT.')
  .transform((tag) => tag.toLowerCase())
export const editorVersion = z
  .string()
  .max(100)
  .regex(/^\d{1,4}\.\d{1,5}\.\d{1,5}(?:[-+.][0-9A-Za-z.+-]*)?$/, 'Give a version like 1.95.0.')
export const category = line(60)
export const slug = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'Use lower-case letters, digits and single dashes.')

/** An article as lists show it. */
const card = z.object({
  id: z.string(),
  slug: z.string(),
  locale: z.string(),
  title: z.string(),
  summary: z.string(),
  category: z.string(),
  updatedAt: z.date(),
})

const searchId = z
  .string()
  .nullable()
  .describe('Give it to `get` and `solvedIt`: writers learn which articles helped. It names nobody')

export const searchInput = z.strictObject({
  query: z.string().max(200).describe('Empty: all articles, those that helped most first'),
  category: category.optional(),
  locale: locale.optional().describe('Default en. Where an article is not translated, its English is found'),
  editorVersion: editorVersion.optional().describe('Leaves out what is about other versions of the editor'),
  ...pageInput(),
})
export const searchOutput = pageOf(card).extend({
  /** At least so many, where it is not exact: of more than 1,000, and of words that are nearly everywhere. */
  total: z.object({ count: z.number(), exact: z.boolean() }),
  searchId,
})

export const getInput = z.strictObject({
  slug: line(100),
  locale: locale.optional(),
  searchId: id.optional().describe('The search or suggestion that led here'),
})
export const getOutput = z
  .object({
    id: z.string(),
    slug: z.string(),
    locale: z.string(),
    locales: z.array(z.string()).describe('In which languages it can be read'),
    title: z.string(),
    summary: z.string(),
    category: z.string(),
    tags: z.array(z.string()),
    visibility,
    minVersion: z.string().nullable(),
    maxVersion: z.string().nullable(),
    body: z.string().describe('Markdown'),
    html: z.string().describe('The same as HTML that is safe to show'),
    headings: z.array(z.object({ id: z.string(), level: z.number(), text: z.string() })),
    helpful: z.number(),
    notHelpful: z.number(),
    publishedAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'Article' })

export const categoriesInput = z.strictObject({ locale: locale.optional() })
export const categoriesOutput = z.object({
  items: z.array(z.object({ name: z.string(), count: z.number() })),
})

export const suggestInput = z.strictObject({
  text: z.string().max(5_000).describe('What is being written: subject, or subject and text'),
  locale: locale.optional(),
  editorVersion: editorVersion.optional(),
  limit: z.number().int().min(1).max(10).default(5),
})
export const suggestOutput = z.object({ items: z.array(card), searchId })

export const feedbackInput = z.strictObject({ id, helpful: z.boolean() })
export const feedbackOutput = z.object({ helpful: z.boolean() })

export const solvedItInput = z.strictObject({ id, searchId: id.optional() })
export const solvedItOutput = z.object({
  counted: z.boolean().describe('False when it was said today already'),
})
