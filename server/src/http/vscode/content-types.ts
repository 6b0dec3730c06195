/** How files out of packages are told to browsers. */
const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  cjs: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  css: 'text/css; charset=utf-8',
  wasm: 'application/wasm',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  svg: 'image/svg+xml',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  otf: 'font/otf',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  md: 'text/markdown; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  // A page of a stranger's must not be a page of ours: its source is all that is shown.
  html: 'text/plain; charset=utf-8',
  htm: 'text/plain; charset=utf-8',
  xhtml: 'text/plain; charset=utf-8',
  xml: 'text/plain; charset=utf-8',
  vsixmanifest: 'text/plain; charset=utf-8',
  yml: 'text/plain; charset=utf-8',
  yaml: 'text/plain; charset=utf-8',
}

/** The type of a file by its name; what is not known is bytes. */
export function contentTypeOf(fileName: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? BYTES) : BYTES
}

export const BYTES = 'application/octet-stream'

/** Opened by itself, a file of a package loads nothing and runs nothing, whatever it holds (SVG). */
export const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
