import type { Findings } from '../findings.ts'
import { shown } from '../findings.ts'
import { hasHiddenCharacters } from '../hidden.ts'

const UTF8_FLAG = 0x800
const MAX_NAME_BYTES = 1_024

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The name of an entry, with everything said that is wrong with it. */
export function readName(raw: Buffer, flags: number, findings: Findings): string {
  const name = decodeName(raw, flags, findings)
  const file = shown(name)
  const wrong = (rule: string, message: string) => findings.error(rule, message, { file })

  if (raw.length === 0) wrong('zip-path', 'An entry has no name.')
  if (raw.length > MAX_NAME_BYTES) wrong('zip-path', `The name is longer than ${MAX_NAME_BYTES} bytes.`)
  // NUL among them, where some readers end the name.
  if (/\p{Cc}/u.test(name)) wrong('zip-path', 'The name holds a control character.')
  if (name.includes('\\')) wrong('zip-path', 'The name holds a backslash, which is a folder on Windows only.')
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) wrong('zip-path', 'The name is an absolute path.')
  else if (name.includes(':'))
    wrong('zip-path', 'The name holds a colon: on Windows a hidden stream of another file.')
  if (hasHiddenCharacters(name)) {
    wrong('hidden-characters', 'The name holds characters that cannot be seen or that turn its direction.')
  }
  checkSegments(name, wrong)
  checkTop(name, wrong)
  if (/[<>"|?*]/.test(name) || name.split('/').some((segment) => RESERVED_ON_WINDOWS.test(segment))) {
    findings.add({
      rule: 'windows-name',
      severity: 'warning',
      message: 'Windows cannot write this file.',
      file,
    })
  }
  return name
}

const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

function decodeName(raw: Buffer, flags: number, findings: Findings): string {
  if (raw.every((byte) => byte < 0x80)) return raw.toString('latin1')
  const guess = raw.toString('utf8')
  if ((flags & UTF8_FLAG) === 0) {
    // CP437 by the book, UTF-8 for macOS: two readers see two names.
    findings.error('zip-name-encoding', 'The name is not ASCII and does not say that it is UTF-8.', {
      file: shown(guess),
    })
    return guess
  }
  try {
    return decoder.decode(raw)
  } catch {
    findings.error('zip-name-encoding', 'The name claims to be UTF-8 and is not.', { file: shown(guess) })
    return guess
  }
}

function checkSegments(name: string, wrong: (rule: string, message: string) => void): void {
  const segments = (name.endsWith('/') ? name.slice(0, -1) : name).split('/')
  if (segments.some((segment) => /^[. ]+$/.test(segment))) {
    wrong('zip-path', 'The name leads out of its folder, or round about.')
  } else if (segments.some((segment) => /[. ]$/.test(segment))) {
    wrong(
      'zip-path',
      'A part of the name ends with a dot or a space, which Windows drops: it becomes another file.',
    )
  }
  if (segments.slice(1).some((segment) => segment === '')) wrong('zip-path', 'The name has an empty part.')
}

/**
 * VS Code unpacks every entry that starts with `extension` and cuts off just these letters: `extensionpackage.json` would lie over
 * `extension/package.json`, and `extension/.vsixmanifest` over `extension.vsixmanifest`.
 */
function checkTop(name: string, wrong: (rule: string, message: string) => void): void {
  const folded = fold(name)
  const isTop = folded === 'extension.vsixmanifest' || folded.startsWith('extension/')
  if ((folded.startsWith('extension') && !isTop) || folded.startsWith('extension/.vsixmanifest')) {
    wrong('zip-path', 'Editors would unpack this over another file of the extension.')
  }
}

/**
 * One key for all names that are one file on some disk: without case (Windows, macOS), however its accents are composed (macOS),
 * without the dots and spaces at the end of a part (Windows).
 */
export const fold = (name: string): string =>
  name
    .toUpperCase()
    .toLowerCase()
    .normalize('NFC')
    .replace(/[. ]+(?=\/|$)/g, '')

/** Finds names that would become one file, or a file and a folder of one name. */
export function createCollisions(findings: Findings): (name: string) => void {
  const files = new Map<string, string>()
  const folders = new Map<string, string>()
  const report = (name: string, other: string) =>
    findings.error(
      'zip-collision',
      name === other
        ? 'The name is in the archive twice.'
        : `On some disks this is the same as ${shown(other)}.`,
      { file: shown(name) },
    )

  return (name) => {
    const isFolder = name.endsWith('/')
    const key = fold(isFolder ? name.slice(0, -1) : name)
    const other = files.get(key) ?? (isFolder ? undefined : folders.get(key))
    if (other !== undefined) report(name, other)
    if (isFolder) folders.set(key, name)
    else files.set(key, name)
    for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
      const folder = key.slice(0, slash)
      const file = files.get(folder)
      if (file !== undefined) report(name, file)
      if (folders.has(folder)) break
      folders.set(folder, name)
    }
  }
}
