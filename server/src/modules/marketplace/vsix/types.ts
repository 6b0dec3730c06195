import type { Finding } from '@devforge/db'

/** A file in the archive; folders are left out. */
export interface PackageEntry {
  name: string
  /** Unpacked, in bytes. */
  sizeBytes: number
  /** As it lies in the archive, in bytes. */
  packedBytes: number
}

/** The files of an archive whose structure has been checked. */
export interface Archive {
  readonly entries: readonly PackageEntry[]
  entry(name: string): PackageEntry | undefined
  /** @throws VSIX_INVALID when there is no such file, it is larger than `maxBytes`, or its data is not what its headers say */
  readEntry(name: string, maxBytes: number): Promise<Buffer>
  /**
   * Chunks of at most 256 KB; size and CRC are checked at the end, so do not believe what came before an error.
   * @throws VSIX_INVALID as `readEntry`
   */
  streamEntry(name: string): AsyncIterable<Buffer>
  close(): Promise<void>
}

export interface PackageIdentity {
  publisher: string
  name: string
  version: string
  /** `universal` when it is made for every platform. */
  targetPlatform: string
  preRelease: boolean
}

/** A package that is sound in itself: its archive is honest and its manifests agree. What its files hold is another matter. */
export interface VsixPackage extends Archive {
  identity: PackageIdentity
  displayName: string
  description: string
  categories: string[]
  tags: string[]
  /** `engines.vscode` as written. */
  engine: string
  /** See `engineFloor`. */
  engineFloor: number
  /** `publisher.name` in lower case, each once. */
  dependencies: string[]
  packMembers: string[]
  localizedLanguages: string[]
  /** Has a `main` or `browser`. */
  executesCode: boolean
  /** As `package.json` says: mostly an SPDX expression. */
  license?: string
  repositoryUrl?: string
  homepageUrl?: string
  bugsUrl?: string
  preview: boolean
  pricing?: 'Free' | 'Trial'
  /** `package.json`. */
  manifest: Record<string, unknown>
  /** The text of `extension.vsixmanifest`. */
  vsixManifest: string
  /** Entry names. */
  files: { readme?: string; changelog?: string; license?: string; icon?: string }
  /** What was noticed and does not keep it from being opened. */
  findings: Finding[]
}
