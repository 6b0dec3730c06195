import { expect, it } from 'vitest'
import { png } from '../../support/png.ts'
import type { VsixEdits } from '../../support/vsix.ts'
import { inspected, lines } from './reading.ts'

const found = async (files: VsixEdits['files'], manifest?: Record<string, unknown>) =>
  lines((await inspected({ files, manifest })).findings)
const points = (start: number, count: number, step = 1) =>
  String.fromCodePoint(...Array.from({ length: count }, (_, index) => start + index * step))

it('finds nothing in what vsce packs', async () => {
  expect(await found({})).toEqual([])
})

it.each<[string, string]>([
  ['variation selectors', points(0xe0100, 40)],
  ['the other variation selectors', points(0xfe00, 16)],
  ['tags', points(0xe0020, 60)],
  ['private-use characters', points(0xe000, 20)],
  ['private-use characters of plane 15', points(0xf0000, 20)],
  ['zero-width characters', '\u200B\u200C\u200D\u2060'.repeat(4)],
])('holds code with a run of %s', async (_, hidden) => {
  const code = `const a = 1\n\nrun(\`${hidden}\`)\n`
  expect(await found({ 'extension/lib/a.js': code })).toEqual(['hold hidden-code extension/lib/a.js:3'])
  expect(await found({ 'extension/data.json': JSON.stringify({ hidden }) })).toEqual([
    'hold hidden-code extension/data.json:1',
  ])
  expect(await found({ 'extension/payload': hidden })).toEqual(['hold hidden-code extension/payload:1'])
})

it('holds code with hidden characters spread over it', async () => {
  const spread = Array.from(
    { length: 300 },
    (_, index) => `a${String.fromCodePoint(0xe0100 + (index % 200))}`,
  ).join('')
  expect(await found({ 'extension/a.js': `//\n"${spread}"` })).toEqual(['hold hidden-code extension/a.js:2'])
})

it('holds them also where the file is run under another name', async () => {
  const hidden = points(0xe0100, 40)
  expect(await found({ 'extension/start.txt': hidden }, { main: './start.txt' })).toEqual([
    'hold hidden-code extension/start.txt:1',
  ])
  expect(await found({ 'extension/notes.txt': hidden })).toEqual([])
})

it('holds them in bundled packages, far down in a file, and across windows', async () => {
  const numbered = Array.from({ length: 200_000 }, (_, index) => `x = ${index};\n`).join('')
  const far = `${numbered}"${points(0xe0100, 40)}"`
  expect(await found({ 'extension/node_modules/a/index.js': far })).toEqual([
    'hold hidden-code extension/node_modules/a/index.js:200001',
  ])
  const acrossWindows = `${numbered.slice(0, 128 * 1024 - 8).replaceAll('\n', ' ')}${points(0xe0100, 4)}`
  expect(await found({ 'extension/a.js': acrossWindows })).toEqual(['hold hidden-code extension/a.js:1'])
})

it('takes emoji, flags, icon fonts and languages for what they are', async () => {
  const honest = [
    '❤️ 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ☺︎'.repeat(200),
    ['\uE0A0', '\uE0B0', '\uF101'].map((icon) => `"${icon}"`).join(','),
    '/[\uE000-\uF8FF]|[\u200B-\u200D\uFEFF]/',
    'می‌خواهم नमस्ते 葛\u{E0100}城',
  ]
  expect(await found({ 'extension/a.js': honest.join('\n') })).toEqual([])
})

const svg = (inner: string, attributes = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"${attributes}>\n${inner}</svg>`

it.each<[string, string]>([
  ['a script', svg('<script>alert(1)</script>')],
  ['a script in capitals', svg('<SCRIPT>alert(1)</SCRIPT>')],
  [
    'a script with a prefix',
    '<s:svg xmlns:s="http://www.w3.org/2000/svg">\n<s:script>alert(1)</s:script></s:svg>',
  ],
  ['an event', svg('<circle r="1" onclick="alert(1)"/>')],
  ['an event of the root', `\n${svg('', ' onload="alert(1)"')}`],
  ['a link', svg('<a href="javascript:alert(1)"><circle r="1"/></a>')],
  [
    'a link with blanks and escapes',
    svg('<a xlink:href=" java&#10;script&#58;alert(1)"><circle r="1"/></a>'),
  ],
  ['an animation of a link', svg('<a><animate attributeName="href" values="#;javascript:alert(1)"/></a>')],
  [
    'a page in it',
    svg('<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="x"/></foreignObject>'),
  ],
  ['a document as data', svg('<use href="data:image/svg+xml,&lt;svg&gt;"/>')],
  ['an entity that brings markup', `<!DOCTYPE svg [<!ENTITY x "<script>alert(1)</script>">]>\n${svg('&x;')}`],
  [
    'an entity that brings a scheme',
    `<!DOCTYPE svg [<!ENTITY x "javascript">]>${svg('<a href="&x;:alert(1)"/>')}`,
  ],
  ['a script before an error', `${svg('<script>alert(1)</script><broken')}`],
])('refuses SVG with %s', async (_, text) => {
  const [line] = await found({ 'extension/images/a.svg': text })
  expect(line).toMatch(/^error svg-script extension\/images\/a\.svg:[12]$/)
})

it('takes SVG as drawing programs write it', async () => {
  const drawing = `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
    <!ENTITY ns_svg "http://www.w3.org/2000/svg">]>
    <svg xmlns="&ns_svg;" xmlns:xlink="http://www.w3.org/1999/xlink"><style>.a{fill:red}</style><a href="https://example.com">
    <use xlink:href="#x"/></a><image href="data:image/png;base64,AAAA"/><text>script on javascript: text</text></svg>`
  expect(await found({ 'extension/a.svg': drawing })).toEqual([])
})

it('warns of SVG with scripts in bundled packages', async () => {
  expect(await found({ 'extension/node_modules/a/a.svg': svg('<script/>') })).toEqual([
    'warning svg-script extension/node_modules/a/a.svg:2',
  ])
})

it.each<[string, string, string]>([
  ['a script', '<script>alert(1)</script>', 'readme-script'],
  ['an event', '<img src="https://example.com/a.png" onerror="alert(1)">', 'readme-script'],
  ['a link', '[click](javascript:alert(1))', 'script-link'],
  ['a link with escapes', '<a href="java&#115;cript:alert(1)">x</a>', 'script-link'],
  ['a link with a tab', '<a href="java\tscript:alert(1)">x</a>', 'script-link'],
  ['a link by reference', '[click][1]\n\n[1]: javascript:alert(1)', 'script-link'],
  ['a page as data', '<a href="data:text/html,<script>alert(1)</script>">x</a>', 'script-link'],
  ['a form', '<form><button formaction="vbscript:x">x</button></form>', 'script-link'],
  ['an SVG as data', '![x](data:image/svg+xml;base64,PHN2Zz4=)', 'svg-image'],
  ['an SVG in it', '<svg onload="alert(1)"></svg>', 'svg-image'],
])('refuses readmes and changelogs with %s', async (_, text, rule) => {
  for (const file of ['extension/readme.md', 'extension/changelog.md']) {
    const errors = (await found({ [file]: `# Title\n\n${text}\n` })).filter((line) =>
      line.startsWith('error'),
    )
    expect(errors.some((line) => line.startsWith(`error ${rule} ${file}`))).toBe(true)
  }
})

it('says the line of a link', async () => {
  expect(await found({ 'extension/readme.md': '# Hi\n\ntext\n\n[x](javascript:alert(1))\n' })).toEqual([
    'error script-link extension/readme.md:5',
  ])
})

it('warns of what will not be shown', async () => {
  const text = '<iframe src="https://example.com"></iframe>\n\n![x](http://example.com/a.png)'
  expect(await found({ 'extension/readme.md': text })).toEqual([
    'warning readme-html extension/readme.md:1',
    'warning insecure-image extension/readme.md:3',
  ])
})

it('takes readmes that only write about it', async () => {
  const text = [
    '# `<script>alert(1)</script>`',
    '```html\n<img onerror="x" src="javascript:1">\n```',
    'The onload= handler and javascript: links are explained at [our site](https://example.com/javascript:void).',
    '![a](https://example.com/a.svg) ![b](images/b.png) <img src="https://example.com/c.png" width="20">',
    '<details><summary>More</summary>…</details> <a href="#x">x</a> <a href="mailto:a@example.com">m</a>',
  ].join('\n\n')
  expect(await found({ 'extension/readme.md': text })).toEqual([])
})

it('searches a readme that is too long to parse', async () => {
  const long = 'All work and no play makes a dull readme.\n'.repeat(15_000)
  expect(await found({ 'extension/readme.md': long })).toEqual(['info not-read extension/readme.md'])
  expect(await found({ 'extension/readme.md': `${long}<script>` })).toEqual([
    'hold not-read extension/readme.md',
  ])
})

it.each<[string, string | Uint8Array]>([
  ['SVG called PNG', svg('')],
  ['HTML called PNG', '<!doctype html><script>alert(1)</script>'],
  ['JPEG called PNG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
  ['a program called PNG', Buffer.from('MZ\u0090\0')],
  ['nothing', ''],
])('refuses as an icon: %s', async (_, icon) => {
  expect(await found({ 'extension/icon.png': icon })).toEqual(['error icon-type extension/icon.png'])
})

it('takes icons of raster images only', async () => {
  const asIcon = (name: string, bytes: string | Uint8Array) =>
    found({
      [`extension/${name}`]: bytes,
      'extension.vsixmanifest': (xml) => xml.replaceAll('extension/icon.png', `extension/${name}`),
    })
  expect(await asIcon('a.svg', svg(''))).toEqual(['error icon-type extension/a.svg'])
  expect(await asIcon('a.html', '<b>')).toEqual(['error icon-type extension/a.html'])
  expect(await asIcon('a.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0]))).toEqual([])
  expect(await asIcon('a.gif', 'GIF89a')).toEqual([])
  expect(await asIcon('a.webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 '))).toEqual([])
})

it.each<[string, string | Uint8Array, string[]]>([
  ['an honest image', png(2, 2, [1, 2, 3]), []],
  ['a JPEG called PNG, which every viewer shows', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), []],
  ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]), ['hold image-type extension/media/a.png']],
  ['a program of Windows', 'MZ\u0090\0', ['hold image-type extension/media/a.png']],
  ['a shell script', '#!/bin/sh\nrm -rf /', ['hold image-type extension/media/a.png']],
  ['a page', '\n <html><script>alert(1)</script></html>', ['error image-type extension/media/a.png']],
  [
    'something else',
    'version https://git-lfs.github.com/spec/v1',
    ['warning image-type extension/media/a.png'],
  ],
])('holds images against their first bytes: %s', async (_, bytes, expected) => {
  expect(await found({ 'extension/media/a.png': bytes })).toEqual(expected)
})

it('tells of a file that is broken, and goes on with the others', async () => {
  const { inspectPackage } = await import('@devforge/server/modules/marketplace/vsix/index')
  const { zipOf } = await import('../../support/zip.ts')
  const { honestEntries, open } = await import('./reading.ts')
  const lie = { crc32: 1 }
  const broken = { name: 'extension/a.js', data: '1', local: lie, central: lie }
  const bytes = zipOf([broken, ...(await honestEntries({ files: { 'extension/.env': 'A=1' } }))])
  const { findings } = await inspectPackage(await open(bytes, { skipData: true }))
  expect(lines(findings)).toEqual(['error zip-crc extension/a.js', 'error secret-file extension/.env:1'])
})
