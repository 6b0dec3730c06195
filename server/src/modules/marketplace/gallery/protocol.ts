/**
 * Names and numbers of the VS Code gallery protocol.
 * Source: `extensionGalleryService.ts` and `extensionGalleryManifest.ts` of microsoft/vscode (MIT), and requests of real clients.
 */

/** What a criterion of a filter looks at. */
export const FilterType = {
  Tag: 1,
  ExtensionId: 4,
  Category: 5,
  ExtensionName: 7,
  Target: 8,
  Featured: 9,
  SearchText: 10,
  ExcludeWithFlags: 12,
} as const

/** What the caller wants to be told. Others (shared accounts, installation targets, …) tell of what we do not have. */
export const QueryFlag = {
  IncludeVersions: 0x1,
  IncludeFiles: 0x2,
  IncludeCategoryAndTags: 0x4,
  IncludeVersionProperties: 0x10,
  IncludeAssetUri: 0x80,
  IncludeStatistics: 0x100,
  IncludeLatestVersionOnly: 0x200,
  IncludeLatestPrereleaseAndStableOnly: 0x10000,
} as const

/** The one editor whose extensions we have. */
export const EDITOR_TARGET = 'microsoft.visualstudio.code'

const SERVICES = 'Microsoft.VisualStudio.Services.'
const CODE = 'Microsoft.VisualStudio.Code.'

export const AssetType = {
  Manifest: `${CODE}Manifest`,
  Details: `${SERVICES}Content.Details`,
  Changelog: `${SERVICES}Content.Changelog`,
  License: `${SERVICES}Content.License`,
  Icon: `${SERVICES}Icons.Default`,
  Vsix: `${SERVICES}VSIXPackage`,
  Signature: `${SERVICES}VsixSignature`,
  VsixManifest: `${SERVICES}VsixManifest`,
} as const

/** Behind it stands the path of a file in the package. */
export const WEB_RESOURCES = `${CODE}WebResources/`

export const Property = {
  Engine: `${CODE}Engine`,
  Dependencies: `${CODE}ExtensionDependencies`,
  Pack: `${CODE}ExtensionPack`,
  PreRelease: `${CODE}PreRelease`,
  LocalizedLanguages: `${CODE}LocalizedLanguages`,
  ExecutesCode: `${CODE}ExecutesCode`,
  ApiProposals: `${CODE}EnabledApiProposals`,
  Sponsor: `${CODE}SponsorLink`,
  Source: `${SERVICES}Links.Source`,
  Support: `${SERVICES}Links.Support`,
} as const
