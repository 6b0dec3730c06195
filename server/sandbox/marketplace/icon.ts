import { crc32, deflateSync } from 'node:zlib'

export type Color = readonly [red: number, green: number, blue: number]

/** A color of hue 0 … 360, saturation and lightness 0 … 1. */
export function hsl(hue: number, saturation: number, lightness: number): Color {
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12
    const a = saturation * Math.min(lightness, 1 - lightness)
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return [channel(0), channel(8), channel(4)]
}

export const hex = (color: Color): string =>
  `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`

const SIZE = 128
/** Letters of five by seven dots, a number per row. */
const LETTERS: Record<string, number[]> = {
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [30, 17, 17, 17, 17, 17, 30],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  G: [14, 17, 16, 23, 17, 17, 14],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  J: [7, 2, 2, 2, 2, 18, 12],
  K: [17, 18, 20, 24, 20, 18, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  Q: [14, 17, 17, 17, 21, 18, 13],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  W: [17, 17, 17, 21, 21, 27, 17],
  X: [17, 17, 10, 4, 10, 17, 17],
  Y: [17, 17, 10, 4, 4, 4, 4],
  Z: [31, 1, 2, 4, 8, 16, 31],
}

/** A rounded square that grows darker downwards, with up to two letters on it. */
export function drawIcon(name: string, hue: number): Buffer {
  const letters = name
    .split(/[^A-Za-z]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => (word[0] ?? '').toUpperCase())
  const dot = letters.length > 1 ? 7 : 10
  const width = letters.length * 6 * dot - dot
  const [left, top] = [(SIZE - width) / 2, (SIZE - 7 * dot) / 2]
  const isLetter = (x: number, y: number): boolean => {
    const [column, row] = [Math.floor((x - left) / dot), Math.floor((y - top) / dot)]
    if (column < 0 || row < 0 || row > 6) return false
    const bits = LETTERS[letters[Math.floor(column / 6)] ?? '']?.[row] ?? 0
    return column % 6 < 5 && ((bits >> (4 - (column % 6))) & 1) === 1
  }
  const radius = 26
  const isInside = (x: number, y: number): boolean => {
    const [dx, dy] = [x, y].map((v) => Math.max(radius - v, v - (SIZE - 1 - radius), 0))
    return (dx ?? 0) ** 2 + (dy ?? 0) ** 2 <= radius ** 2
  }
  return encodePng(SIZE, (x, y) => {
    if (!isInside(x, y)) return [0, 0, 0, 0]
    const [red, green, blue] = isLetter(x, y) ? hsl(hue, 0.3, 0.96) : hsl(hue + y / 6, 0.62, 0.56 - y / 700)
    return [red, green, blue, 255]
  })
}

/** RGBA, eight bits each. */
function encodePng(size: number, pixel: (x: number, y: number) => readonly number[]): Buffer {
  const rows = Buffer.alloc(size * (1 + size * 4))
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) rows.set(pixel(x, y), y * (1 + size * 4) + 1 + x * 4)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 6], 8)
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const framed = Buffer.alloc(body.length + 8)
    framed.writeUInt32BE(data.length, 0)
    body.copy(framed, 4)
    framed.writeUInt32BE(crc32(body), body.length + 4)
    return framed
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
