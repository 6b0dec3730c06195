import { createHash } from 'node:crypto'
import type { Archive } from '../../vsix/types.ts'

/** What the files of a package are, beyond what they say. */
export interface Contents {
  /** SHA-256 of each file, by its name. */
  digests: Map<string, { sizeBytes: number; sha256: Buffer }>
  /** Names of files that the machine runs as they are. */
  nativeBinaries: string[]
}

/** First bytes of programs and libraries: ELF, Windows (MZ), Mach-O in its five spellings (one of which Java shares), WebAssembly is none. */
const MAGIC = ['7f454c46', '4d5a', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe', 'cafebabf']
const HEAD_BYTES = 4
/** What the machine, or Node, loads by its name. */
const NATIVE_NAME = /\.(?:node|exe|dll|so(?:\.\d+)*|dylib|sys|msi|scr|com|app|deb|rpm|apk|jar)$/i
/** More are a sign of themselves. */
const MAX_LISTED = 200

const isNative = (name: string, head: Buffer): boolean =>
  NATIVE_NAME.test(name) || MAGIC.some((magic) => head.toString('hex').startsWith(magic))

/** Reads every file of a package once, in bounded memory. */
export async function readContents(archive: Archive): Promise<Contents> {
  const digests: Contents['digests'] = new Map()
  const nativeBinaries: string[] = []
  for (const { name, sizeBytes } of archive.entries) {
    const hash = createHash('sha256')
    let head = Buffer.alloc(0)
    for await (const chunk of archive.streamEntry(name)) {
      hash.update(chunk)
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)])
    }
    digests.set(name, { sizeBytes, sha256: hash.digest() })
    if (nativeBinaries.length < MAX_LISTED && isNative(name, head)) nativeBinaries.push(name)
  }
  return { digests, nativeBinaries: nativeBinaries.sort() }
}
