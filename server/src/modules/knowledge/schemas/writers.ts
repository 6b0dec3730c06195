import { z } from 'zod'
import { id, line, pageInput, pageOf } from '../../../wire.ts'
import { category, editorVersion, locale, slug, visibility } from './readers.ts'

/** Control characters other than line feeds and tabs. */
const CONTROLS = /[^\P{Cc}\n\t]/u
const markdown = z
  .string()
  .max(100_000)
  .transform((text) => text.replaceAll(/\r\n?/g, '\n'))
  .pipe(
    z
      .string()
      .refine((text) => text.trim() !== '', 'The text is empty.')
      .refine((text) => !CONTROLS.test(text) && text.isWellFormed(), 'Control characters are not allowed.'),
  )
  .describe('Markdown')
const title = line(200)
const summary = z
  .string()
  .trim()
  .max(300)
  .refine((text) => !/\p{Cc}/u.test(text), 'Control characters are not allowed.')
  .describe('Empty: the beginning of the text')
const tags = z.array(line(40)).max(20)
const note = line(300).describe('What was changed, and why')
const editorBound = editorVersion.nullable()

export const articleStatus = z.enum(['draft', 'published', 'archived'])
/** What a change is based on: it is refused with CONFLICT when somebody else was faster. */
const version = z.number().int().min(1).describe('The version you have seen')
const author = z.object({ id: z.string(), name: z.string() })

export const createInput = z.strictObject({
  title,
  body: markdown,
  category,
  slug: slug
    .optional()
    .describe(
      'What its address ends in. Default: made of the title. A translation takes that of its original',
    ),
  locale: locale.default('en'),
  summary: summary.default(''),
  tags: tags.default([]),
  visibility: visibility.default('public'),
  minVersion: editorBound.default(null),
  maxVersion: editorBound.default(null),
  note: note.optional(),
})

export const updateInput = z.strictObject({
  id,
  version,
  title: title.optional(),
  body: markdown.optional(),
  category: category.optional(),
  summary: summary.optional(),
  tags: tags.optional(),
  visibility: visibility.optional(),
  minVersion: editorBound.optional(),
  maxVersion: editorBound.optional(),
  note: note.optional(),
})

const listed = z.object({
  id: z.string(),
  slug: z.string(),
  locale: z.string(),
  status: articleStatus,
  title: z.string(),
  category: z.string(),
  visibility,
  /** The newest; what readers see is `publishedVersion`. */
  version: z.number(),
  publishedVersion: z.number().nullable(),
  /** Of the newest version. */
  author,
  helpful: z.number(),
  notHelpful: z.number(),
  solved: z.number(),
  /** The ticket that it was drafted from. */
  ticketId: z.string().nullable(),
  publishedAt: z.date().nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
const content = {
  title: z.string(),
  summary: z.string(),
  body: z.string(),
  category: z.string(),
  tags: z.array(z.string()),
  visibility,
  minVersion: z.string().nullable(),
  maxVersion: z.string().nullable(),
  html: z.string(),
}
/** An article as writers see it, with its newest text. */
export const articleOutput = listed.extend(content).meta({ id: 'WrittenArticle' })

export const articleInput = z.strictObject({ id })
export const articlesInput = z.strictObject({
  status: articleStatus.optional(),
  locale: locale.optional(),
  category: category.optional(),
  ...pageInput(),
})
export const articlesOutput = pageOf(listed)

export const decideInput = z.strictObject({ id, version })
export const restoreInput = z.strictObject({ id, number: z.number().int().min(1), version })

export const versionsInput = z.strictObject({
  id,
  cursor: z
    .string()
    .regex(/^\d{1,9}$/, 'Give `nextCursor` of the page before.')
    .optional(),
  limit: z.number().int().min(1).max(50).default(10),
})
export const versionsOutput = pageOf(
  z.object({
    number: z.number(),
    title: z.string(),
    author,
    note: z.string().nullable(),
    restoredFrom: z.number().nullable(),
    published: z.boolean(),
    at: z.date(),
    difference: z.object({
      fields: z.array(z.string()).describe('What is not as it was in the version before'),
      patch: z
        .string()
        .nullable()
        .describe('How the text changed, as a unified difference; null: nearly all of it'),
    }),
  }),
)
export const versionInput = z.strictObject({ id, number: z.number().int().min(1) })
export const versionOutput = z.object({ articleId: z.string(), number: z.number(), at: z.date(), ...content })

export const previewInput = z.strictObject({ body: markdown })
export const previewOutput = z.object({
  html: z.string(),
  headings: z.array(z.object({ id: z.string(), level: z.number(), text: z.string() })),
})

export const reportInput = z.strictObject({
  days: z.number().int().min(1).max(90).default(30),
  limit: z.number().int().min(1).max(500).default(100),
})
export const zeroResultsOutput = z.object({
  items: z.array(z.object({ query: z.string(), count: z.number(), lastAt: z.date() })),
})
export const deflectionsOutput = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      slug: z.string(),
      locale: z.string(),
      title: z.string(),
      shown: z.number(),
      opened: z.number(),
      solved: z.number(),
      /** Solved of shown. */
      solvedRatio: z.number().nullable(),
      helpful: z.number(),
      notHelpful: z.number(),
      helpfulRatio: z.number().nullable(),
    }),
  ),
})
