import { isAscii } from 'node:buffer'

/** Large enough that most files are one window, small enough to hold a few in memory. */
const WINDOW_BYTES = 112 * 1024
/** Longer than what is looked for: a private key is at most 10,000 characters. */
const OVERLAP_BYTES = 12 * 1024

/** A piece of a text file. Neighbors overlap, so that nothing is cut in two without being seen. */
export interface TextWindow {
  text: string
  isAscii: boolean
  /** Where it starts in the file: line from 1, characters from 0. */
  firstLine: number
  firstCharacter: number
}

/** Cuts a file into windows of text. Bytes that are no UTF-8 become U+FFFD. */
export async function* textWindows(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextWindow> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let overlapBytes = 0
  let firstLine = 1
  let firstCharacter = 0
  const windowOf = (bytes: Buffer): TextWindow => {
    const ascii = isAscii(bytes)
    // One byte per character: half the memory, and the searches are faster.
    const text = ascii ? bytes.toString('latin1') : bytes.toString('utf8')
    return { text, isAscii: ascii, firstLine, firstCharacter }
  }
  for await (const chunk of chunks) {
    pending.push(chunk)
    pendingBytes += chunk.length
    if (pendingBytes < WINDOW_BYTES) continue
    const bytes = Buffer.concat(pending, pendingBytes)
    const end = characterStart(bytes, bytes.length)
    yield windowOf(bytes.subarray(0, end))
    const overlap = characterStart(bytes, end - OVERLAP_BYTES)
    const passed = bytes.subarray(0, overlap)
    firstLine += countLines(passed)
    firstCharacter += isAscii(passed) ? passed.length : passed.toString('utf8').length
    pending = [Buffer.from(bytes.subarray(overlap))]
    pendingBytes = bytes.length - overlap
    overlapBytes = end - overlap
  }
  if (pendingBytes > overlapBytes) yield windowOf(Buffer.concat(pending, pendingBytes))
}

/** The last place up to `at` where a UTF-8 character starts, or `at` itself when nothing there looks like UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  if (at >= bytes.length) {
    // Whether the last character is whole depends on its first byte.
    for (let back = 1; back <= 4 && back <= bytes.length; back++) {
      const byte = bytes[bytes.length - back] ?? 0
      if ((byte & 0xc0) === 0x80) continue
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
      return length > back ? bytes.length - back : bytes.length
    }
    return bytes.length
  }
  for (let back = 0; back < 4 && back <= at; back++) {
    if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) return at - back
  }
  return at
}

const LINE_FEED = 10

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++
  return lines
}

/** The line of a place in a window. */
export function lineAt(window: TextWindow, character: number): number {
  let line = window.firstLine
  const { text } = window
  for (let at = text.indexOf('\n'); at >= 0 && at < character; at = text.indexOf('\n', at + 1)) line++
  return line
}
