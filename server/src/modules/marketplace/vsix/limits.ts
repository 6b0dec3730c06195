const MIB = 1024 * 1024

/** How much of a package is taken. What a package may weigh before it is unpacked is the upload's business. */
export interface PackageLimits {
  maxEntries: number
  /** Of one file, unpacked. */
  maxEntryBytes: number
  /** Of all files together, unpacked. */
  maxTotalBytes: number
  /** Unpacked ÷ packed, of any file over `ratioFloorBytes`; deflate can do 1,032. */
  maxRatio: number
  /** Small files may be all alike: an empty table, a row of zeros. */
  ratioFloorBytes: number
  /** `package.json`, `extension.vsixmanifest`. */
  maxManifestBytes: number
  /** Readme, changelog, license and icon. */
  maxAssetBytes: number
}

/** vsce warns from 5,000 files on; a large extension with its packages unbundled has 15,000, a few hundred MB. */
export const defaultLimits: PackageLimits = {
  maxEntries: 25_000,
  maxEntryBytes: 256 * MIB,
  maxTotalBytes: 768 * MIB,
  maxRatio: 200,
  ratioFloorBytes: MIB,
  maxManifestBytes: 4 * MIB,
  maxAssetBytes: 8 * MIB,
}
