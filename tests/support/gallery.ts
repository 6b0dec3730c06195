import type { TestApp } from './app.ts'

/** What an editor is told of a package. */
export interface ToldVersion {
  version: string
  lastUpdated: string
  assetUri: string
  fallbackAssetUri: string
  targetPlatform: string
  files: { assetType: string; source?: string }[]
  properties: { key: string; value: string }[]
}

/** What an editor is told of an extension. */
export interface ToldExtension {
  extensionId: string
  extensionName: string
  displayName: string
  shortDescription: string
  publisher: {
    publisherId: string
    publisherName: string
    displayName: string
    domain: string | null
    isDomainVerified: boolean
  }
  versions: ToldVersion[]
  statistics: { statisticName: string; value: number }[]
  tags: string[]
  categories: string[]
  flags: string
  releaseDate: string
  publishedDate: string
  lastUpdated: string
}

export interface ToldResult {
  extensions: ToldExtension[]
  resultMetadata: { metadataType: string; metadataItems: { name: string; count: number }[] }[]
}

export interface Criterion {
  filterType: number
  value?: unknown
}

export interface GalleryAsk {
  criteria?: Criterion[]
  flags?: number
  pageNumber?: number
  pageSize?: number
  sortBy?: number
  sortOrder?: number
  headers?: Record<string, string>
}

/** Flags that editors send: newest versions with everything; all versions. */
export const NEWEST = 950
export const ALL = 439

export const byName = (...names: string[]): Criterion[] => names.map((value) => ({ filterType: 7, value }))
export const byText = (value: string): Criterion[] => [{ filterType: 10, value }]

const USUAL: Criterion[] = [
  { filterType: 8, value: 'Microsoft.VisualStudio.Code' },
  { filterType: 12, value: '4096' },
]

/** Sends a query as editors do, with their usual criteria. */
export function postQuery(t: TestApp, body: unknown, headers: Record<string, string> = {}) {
  return t.fetch('http://devforge.test/vscode/gallery/extensionquery', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json;api-version=3.0-preview.1',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** The first result of a query. */
export async function ask(t: TestApp, options: GalleryAsk = {}): Promise<ToldResult & { total: number }> {
  const { criteria = [], flags = NEWEST, headers, ...page } = options
  const response = await postQuery(
    t,
    {
      filters: [
        { criteria: [...criteria, ...USUAL], pageNumber: 1, pageSize: 50, sortBy: 0, sortOrder: 0, ...page },
      ],
      assetTypes: [],
      flags,
    },
    headers,
  )
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  const { results } = (await response.json()) as { results: ToldResult[] }
  const [result] = results
  if (!result) throw new Error('no result')
  const count = result.resultMetadata
    .find(({ metadataType }) => metadataType === 'ResultCount')
    ?.metadataItems.find(({ name }) => name === 'TotalCount')?.count
  return { ...result, total: count ?? Number.NaN }
}

/** What an extension is told to be, asked by its name. */
export async function askFor(t: TestApp, name: string, options: GalleryAsk = {}): Promise<ToldExtension> {
  const { extensions } = await ask(t, { ...options, criteria: byName(name) })
  const [extension] = extensions
  if (!extension) throw new Error(`the gallery does not know ${name}`)
  return extension
}

export const propertyOf = ({ properties }: ToldVersion, key: string): string | undefined =>
  properties.find((property) => property.key === `Microsoft.VisualStudio.${key}`)?.value
