/** What a malware scanner says of a package. */
export type Verdict = { clean: true } | { clean: false; name: string }

/** Looks at the bytes of a package. */
export interface Scanner {
  /**
   * @param bytes the package, once, from its start
   * @throws ScannerFailure when it cannot say: then nothing may be published
   */
  scan(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Verdict>
}

/** The scanner gave no verdict. The message is for the author and the operator: it tells nothing of the inside. */
export class ScannerFailure extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ScannerFailure'
  }
}
