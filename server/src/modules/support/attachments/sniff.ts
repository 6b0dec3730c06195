import { fileTypeFromBuffer } from 'file-type'

/** What is kept under its own type. None of it runs anything where it is opened. */
const KEPT = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'application/zip',
  'application/gzip',
])
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/**
 * Everything else: crash dumps, recordings, documents, and what only looks like text (SVG, HTML). It is not refused, since support needs
 * it and people would send it renamed or zipped; as bytes that are only ever downloaded it can do nothing in a page of ours.
 */
const UNKNOWN = 'application/octet-stream'
const TEXT = 'text/plain'

/** As many bytes as `file-type` looks at. */
const HEAD_BYTES = 4_100
const CONTROL = /[^\P{Cc}\n\r\t]/u
/** The beginning of markup. */
const MARKUP = /^\s*</

export const isImage = (contentType: string): boolean => IMAGES.has(contentType)

/** Finds out what bytes are while they pass. What the sender calls them does not count. */
export interface Sniffer {
  through(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void>
  /** Once everything has passed. */
  contentType(): Promise<string>
}

export function createSniffer(): Sniffer {
  const head: Uint8Array[] = []
  let headBytes = 0
  let start = ''
  let isText = true
  const decoder = new TextDecoder('utf-8', { fatal: true })

  function look(chunk: Uint8Array | undefined): void {
    if (!isText) return
    try {
      const text = decoder.decode(chunk, { stream: chunk !== undefined })
      if (start.length < HEAD_BYTES) start += text.slice(0, HEAD_BYTES)
      if (CONTROL.test(text)) isText = false
    } catch {
      isText = false
    }
  }

  return {
    async *through(body) {
      for await (const chunk of body) {
        if (headBytes < HEAD_BYTES) {
          head.push(chunk.slice(0, HEAD_BYTES - headBytes))
          headBytes += chunk.length
        }
        look(chunk)
        yield chunk
      }
      look(undefined)
    },
    async contentType() {
      const found = await fileTypeFromBuffer(Buffer.concat(head))
      if (found) {
        // An animated one is a PNG to everybody who does not know better.
        const mime = found.mime === 'image/apng' ? 'image/png' : found.mime
        return KEPT.has(mime) ? mime : UNKNOWN
      }
      return isText && !MARKUP.test(start) ? TEXT : UNKNOWN
    },
  }
}
