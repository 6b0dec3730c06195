import type { Findings } from '../findings.ts'
import type { InspectedFile } from './files.ts'

type Kind = 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp' | 'ico' | 'avif' | 'executable' | 'markup' | 'other'

/** What editors and browsers show as the icon of an extension. vsce refuses SVG, which can run scripts. */
const ICONS: Record<string, Kind> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.gif': 'gif',
  '.webp': 'webp',
}
const IMAGES = new Set([...Object.keys(ICONS), '.bmp', '.ico', '.avif'])

export const isImage = (file: InspectedFile): boolean => IMAGES.has(file.extension)

/** Holds an image against its first bytes. @param head the first bytes of the file, 64 if it has them */
export function checkImage(file: InspectedFile, head: Buffer, findings: Findings): void {
  if (head.length === 0) return
  const kind = kindOf(head)
  const add = (severity: 'error' | 'hold' | 'warning', message: string) =>
    findings.add({ rule: 'image-type', severity, message, file: file.name })
  if (kind === 'executable') add('hold', 'The file is called an image and is a program.')
  else if (kind === 'markup') {
    add(file.place === 'own' ? 'error' : 'warning', 'The file is called an image and is a text of markup.')
  } else if (kind === 'other' && file.place === 'own')
    add('warning', 'The file is called an image and is none.')
}

/** The icon is served to everybody who looks at a list: it must be what its name says. */
export function checkIcon(file: InspectedFile, head: Buffer, findings: Findings): void {
  const expected = ICONS[file.extension]
  const error = (message: string) => findings.error('icon-type', message, { file: file.name })
  if (expected === undefined) error('The icon has to be a PNG, JPEG, GIF or WebP image; SVG is not taken.')
  else if (kindOf(head) !== expected) error(`The icon is called ${file.extension} and is something else.`)
}

function kindOf(head: Buffer): Kind {
  const starts = (...bytes: number[]) => bytes.every((byte, at) => head[at] === byte)
  const has = (text: string, at: number) => head.toString('latin1', at, at + text.length) === text
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg'
  if (has('GIF87a', 0) || has('GIF89a', 0)) return 'gif'
  if (has('RIFF', 0) && has('WEBP', 8)) return 'webp'
  if (has('BM', 0)) return 'bmp'
  if (starts(0, 0, 1, 0) || starts(0, 0, 2, 0)) return 'ico'
  if (has('ftypavif', 4) || has('ftypavis', 4)) return 'avif'
  if (isProgram(head)) return 'executable'
  if (/^(?:\u00EF\u00BB\u00BF)?\s*</.test(head.toString('latin1'))) return 'markup'
  return 'other'
}

const PROGRAMS = [
  [0x4d, 0x5a],
  [0x7f, 0x45, 0x4c, 0x46],
  [0xfe, 0xed, 0xfa, 0xce],
  [0xfe, 0xed, 0xfa, 0xcf],
  [0xce, 0xfa, 0xed, 0xfe],
  [0xcf, 0xfa, 0xed, 0xfe],
  [0xca, 0xfe, 0xba, 0xbe],
  [0x23, 0x21],
]

const isProgram = (head: Buffer): boolean =>
  PROGRAMS.some((magic) => magic.every((byte, at) => head[at] === byte))
