import { QueryFlag } from './protocol.ts'

/** What stands on other rows than the listing and changes without a new version. */
export interface ListingCounters {
  installs: number
  ratingCount: number
  ratingSum: number
  publisherUuid: string
  publisherName: string
  publisherDisplayName: string
  /** The domain its owner proved to have. */
  verifiedDomain: string | null
}

/** All that editors ask for at once; then the stored text is sent as it is. */
export const EVERYTHING =
  QueryFlag.IncludeFiles |
  QueryFlag.IncludeCategoryAndTags |
  QueryFlag.IncludeVersionProperties |
  QueryFlag.IncludeAssetUri |
  QueryFlag.IncludeStatistics

const ONE_VERSION = QueryFlag.IncludeLatestVersionOnly | QueryFlag.IncludeLatestPrereleaseAndStableOnly

/** Whether all is asked for that a listing tells. */
export const wantsWhole = (flags: number): boolean => (flags & EVERYTHING) === EVERYTHING

/** Whether every version is asked for. */
export const wantsAllVersions = (flags: number): boolean =>
  (flags & QueryFlag.IncludeVersions) !== 0 && (flags & ONE_VERSION) === 0

/** Half stars are as fine as anybody shows; more digits only make answers differ. */
const average = ({ ratingCount, ratingSum }: ListingCounters): number =>
  ratingCount === 0 ? 0 : Math.round((ratingSum / ratingCount) * 100) / 100

/** One extension of an answer: the stored text with its publisher and counters. */
export function presentExtension(listing: string, counters: ListingCounters, flags: number): string {
  const publisher = JSON.stringify({
    publisherId: counters.publisherUuid,
    publisherName: counters.publisherName,
    displayName: counters.publisherDisplayName,
    domain: counters.verifiedDomain === null ? null : `https://${counters.verifiedDomain}`,
    isDomainVerified: counters.verifiedDomain !== null,
  })
  const statistics =
    flags & QueryFlag.IncludeStatistics
      ? `{"statisticName":"install","value":${counters.installs}},{"statisticName":"averagerating","value":${average(counters)}},{"statisticName":"ratingcount","value":${counters.ratingCount}}`
      : ''
  const body = wantsWhole(flags) ? listing : cutDown(listing, flags)
  return `{"publisher":${publisher},"statistics":[${statistics}],${body.slice(1)}`
}

interface Listing {
  tags: string[]
  categories: string[]
  versions: {
    assetUri?: string
    fallbackAssetUri?: string
    files: object[]
    properties: object[]
  }[]
}

/** Leaves out what was not asked for. Lists stay lists: editors read them unseen. */
function cutDown(listing: string, flags: number): string {
  const extension: Listing = JSON.parse(listing)
  if (!(flags & QueryFlag.IncludeCategoryAndTags)) {
    extension.tags = []
    extension.categories = []
  }
  if (!(flags & (QueryFlag.IncludeVersions | ONE_VERSION | QueryFlag.IncludeFiles))) extension.versions = []
  for (const version of extension.versions) {
    if (!(flags & QueryFlag.IncludeFiles)) version.files = []
    if (!(flags & QueryFlag.IncludeVersionProperties)) version.properties = []
    if (!(flags & QueryFlag.IncludeAssetUri)) {
      delete version.assetUri
      delete version.fallbackAssetUri
    }
  }
  return JSON.stringify(extension)
}

const COMMA = Buffer.from(',')

/** The answer to one query: a result for each filter. As bytes: most extensions are there as such, and are not read again. */
export function presentAnswer(results: readonly { extensions: readonly Buffer[]; total: number }[]): Buffer {
  const parts: Buffer[] = []
  let text = '{"results":['
  for (const [place, { extensions, total }] of results.entries()) {
    parts.push(Buffer.from(`${text}${place > 0 ? ',' : ''}{"extensions":[`))
    for (const [i, extension] of extensions.entries()) {
      if (i > 0) parts.push(COMMA)
      parts.push(extension)
    }
    text = `],"pagingToken":null,"resultMetadata":[{"metadataType":"ResultCount","metadataItems":[{"name":"TotalCount","count":${total}}]}]}`
  }
  parts.push(Buffer.from(`${text}]}`))
  return Buffer.concat(parts)
}
