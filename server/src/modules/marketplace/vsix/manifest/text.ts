import type { Findings } from '../findings.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a manifest: UTF-8 without a byte order mark, which half of the readers take for a part of the text. Null when it is not. */
export function decodeManifest(bytes: Buffer, file: string, findings: Findings): string | null {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    findings.error('manifest-encoding', 'The file is not UTF-8.', { file })
    return null
  }
  if (text.startsWith('\uFEFF')) {
    findings.error('manifest-encoding', 'The file starts with a byte order mark. Save it without.', { file })
    return null
  }
  return text
}
