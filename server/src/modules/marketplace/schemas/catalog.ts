import { z } from 'zod'
import { line, pageInput, pageOf } from '../../../wire.ts'
import { extensionId } from './identifiers.ts'

const publisher = z.object({ name: z.string(), displayName: z.string(), verified: z.boolean() })
const rating = z.object({
  /** 1 … 5, two digits; null before the first rating. */
  average: z.number().nullable(),
  count: z.number(),
})
const price = z
  .object({ amountMinor: z.number(), currency: z.string() })
  .nullable()
  .describe('Null: it is free')

/** An extension as lists show it. */
export const extensionCard = z.object({
  /** `publisher.name`. */
  id: z.string(),
  publisher,
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
  categories: z.array(z.string()),
  tags: z.array(z.string()),
  /** Newest version: the newest stable one, or the newest pre-release if there is no other. */
  version: z.string().nullable(),
  targetPlatforms: z.array(z.string()),
  iconUrl: z.string().nullable(),
  preview: z.boolean(),
  featured: z.boolean(),
  /** Still installable, but not to be started with any more. */
  deprecated: z.boolean(),
  price,
  installs: z.number(),
  downloads: z.number(),
  rating,
  publishedAt: z.date().nullable(),
  updatedAt: z.date().nullable(),
})

const sort = z.enum(['relevance', 'installs', 'rating', 'updated', 'published', 'name', 'trending'])
const category = line(100).describe('In any case, such as `Themes`')
const targetPlatform = line(50).describe('Such as `linux-x64`; what runs everywhere is found, too')

export const searchInput = z.strictObject({
  query: z
    .string()
    .max(300)
    .optional()
    .describe('As typed. May hold `publisher:"x"`, `category:"x"`, `tag:x`, or be `publisher.name`'),
  category: category.optional(),
  tag: line(100).optional(),
  publisher: line(100).optional().describe('Its name or display name'),
  price: z.enum(['free', 'paid']).optional(),
  targetPlatform: targetPlatform.optional(),
  engine: line(50).optional().describe('Version of the editor: what needs a newer one is left out'),
  featured: z.boolean().optional(),
  sort: sort.default('relevance').describe('Without a query, `relevance` is popularity'),
  direction: z.enum(['asc', 'desc']).optional().describe('Default: best, newest, most first; names from A'),
  ...pageInput(),
})
export const searchOutput = pageOf(extensionCard).extend({
  /** Exact up to 1,000. Beyond, `count` is 1,000 and `exact` false. */
  total: z.object({ count: z.number(), exact: z.boolean() }),
})

export const getInput = z.strictObject({ id: extensionId })
const versionSummary = z.object({
  version: z.string(),
  preRelease: z.boolean(),
  targetPlatforms: z.array(z.string()),
  publishedAt: z.date(),
})
export const getOutput = extensionCard.extend({
  /** The id that editors' galleries know it by. */
  uuid: z.string(),
  license: z.string().nullable(),
  repositoryUrl: z.string().nullable(),
  homepageUrl: z.string().nullable(),
  bugsUrl: z.string().nullable(),
  /** `engines.vscode` of the newest version, as written. */
  engine: z.string().nullable(),
  dependencies: z.array(z.string()),
  packMembers: z.array(z.string()),
  deprecation: z.object({ message: z.string().nullable(), replacedBy: z.string().nullable() }).nullable(),
  /** Files of the newest version; null where its package has none. */
  readmeUrl: z.string().nullable(),
  changelogUrl: z.string().nullable(),
  licenseUrl: z.string().nullable(),
  /** The newest ones, newest first; all of them: `versions`. */
  versions: z.array(versionSummary),
})

export const versionsInput = z.strictObject({
  id: extensionId,
  targetPlatform: line(50).optional().describe('Packages for this platform only, and those for all'),
  preRelease: z.boolean().optional(),
  ...pageInput(50),
})
export const versionsOutput = pageOf(
  z.object({
    version: z.string(),
    targetPlatform: z.string(),
    preRelease: z.boolean(),
    engine: z.string(),
    sizeBytes: z.number(),
    /** Hex. */
    sha256: z.string(),
    publishedAt: z.date(),
  }),
)

export const categoriesInput = z.strictObject({})
export const categoriesOutput = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      /** Published extensions in it; up to a minute old. */
      count: z.number(),
    }),
  ),
})

export const trendingInput = z.strictObject({
  category: category.optional(),
  limit: z.number().int().min(1).max(50).default(10),
})
export const trendingOutput = z.object({ items: z.array(extensionCard) })

export const relatedInput = z.strictObject({
  id: extensionId,
  limit: z.number().int().min(1).max(20).default(5),
})
export const relatedOutput = z.object({ items: z.array(extensionCard) })
