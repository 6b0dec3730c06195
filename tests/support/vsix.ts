import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { png } from './png.ts'
import { unzip, zipOf } from './zip.ts'

export interface PackOptions {
  publisher?: string
  name?: string
  version?: string
  /** Paths in the extension's folder → contents; `null` leaves out one of the usual files. Paths below `node_modules` need the package in `manifest.dependencies`. */
  files?: Record<string, string | Uint8Array | null>
  /** Over the usual `package.json`; `undefined` takes a field out. */
  manifest?: Record<string, unknown>
  targetPlatform?: string
  preRelease?: boolean
}

const usualManifest = (options: PackOptions): Record<string, unknown> => ({
  name: options.name ?? 'hello',
  publisher: options.publisher ?? 'acme',
  version: options.version ?? '1.0.0',
  displayName: 'Hello',
  description: 'Greets whoever opens the editor.',
  icon: 'icon.png',
  engines: { vscode: '^1.80.0' },
  categories: ['Other'],
  keywords: ['greeting', 'sample'],
  license: 'MIT',
  repository: { type: 'git', url: 'https://github.com/acme/hello.git' },
  main: './extension.js',
  activationEvents: ['onStartupFinished'],
  contributes: { commands: [{ command: 'hello.greet', title: 'Greet' }] },
  ...options.manifest,
})

const usualFiles: Record<string, string | Uint8Array> = {
  // Says what is left out; and vsce warns when there is neither this nor a list of files.
  '.vscodeignore': '.vscode/**\n',
  'extension.js': 'exports.activate = () => {}\nexports.deactivate = () => {}\n',
  'README.md': '# Hello\n\nGreets whoever opens the editor.\n',
  'CHANGELOG.md': '# Changes\n\n## 1.0.0\n\nFirst release.\n',
  LICENSE: 'MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy.\n',
  'icon.png': png(128, 128, [52, 120, 246]),
}

const packed = new Map<string, Promise<Buffer>>()
let queue: Promise<unknown> = Promise.resolve()

/**
 * A real package, made by the real `@vscode/vsce`: about 30 ms each after the first, which takes a second to load the tool. The same
 * options are packed once per process. For many packages that differ little, {@link variantOf} takes a millisecond.
 * What vsce itself refuses (secrets, duplicate names) has to be put in with `variantOf`.
 */
export const packVsix = async (options: PackOptions = {}): Promise<Uint8Array<ArrayBuffer>> => {
  const key = createHash('sha256')
    .update(
      JSON.stringify(options, (_, value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
      ),
    )
    .digest('base64')
  const known = packed.get(key)
  if (known) return new Uint8Array(await known)
  // One after another: vsce talks through the console, which is muted meanwhile.
  const made = queue.then(() => pack(options))
  packed.set(key, made)
  queue = made.catch(() => packed.delete(key))
  return new Uint8Array(await made)
}

const pack = async (options: PackOptions): Promise<Buffer> => {
  const { createVSIX } = await import('@vscode/vsce')
  const folder = await mkdtemp(join(tmpdir(), 'devforge-vsix-'))
  const { log, warn } = console
  try {
    const files: Record<string, string | Uint8Array | null> = {
      ...usualFiles,
      ...options.files,
      'package.json': JSON.stringify(usualManifest(options), null, 2),
    }
    for (const [path, contents] of Object.entries(files)) {
      if (contents === null) continue
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), contents)
    }
    const packagePath = join(folder, 'package.vsix')
    console.log = () => {}
    console.warn = () => {}
    await createVSIX({
      cwd: folder,
      packagePath,
      // With them vsce asks npm for the list, which takes its time.
      dependencies: Object.keys(files).some((path) => path.startsWith('node_modules/')),
      target: options.targetPlatform,
      preRelease: options.preRelease,
      allowMissingRepository: true,
      allowStarActivation: true,
      skipLicense: true,
    })
    return await readFile(packagePath)
  } finally {
    console.log = log
    console.warn = warn
    await rm(folder, { recursive: true, force: true })
  }
}

export interface VsixEdits {
  /** Identity: written into both manifests, so that they go on agreeing. */
  publisher?: string
  name?: string
  version?: string
  /** `null` takes it out: universal. */
  targetPlatform?: string | null
  preRelease?: boolean
  /** Over `package.json`; `undefined` takes a field out. What `extension.vsixmanifest` repeats is changed there too. */
  manifest?: Record<string, unknown>
  /** Entries as the archive names them (`extension/x.js`), after everything else: with these the manifests can be made to disagree. `null` removes. */
  files?: Record<string, string | Uint8Array | null | ((before: string) => string)>
}

/** The same package with changes, rewritten in memory: fast, and it can be wrong in ways that vsce would not pack. */
export const variantOf = (vsix: Uint8Array, edits: VsixEdits): Uint8Array<ArrayBuffer> => {
  const files = unzip(vsix)
  const textOf = (name: string): string => files.get(name)?.toString('utf8') ?? ''
  const { publisher, name, version, manifest = {} } = edits

  const before: Record<string, unknown> = JSON.parse(textOf('extension/package.json'))
  const after = { ...before, ...defined({ publisher, name, version }), ...manifest }
  files.set('extension/package.json', Buffer.from(JSON.stringify(after, null, 2)))

  let xml = textOf('extension.vsixmanifest')
  const identity = { Id: after.name, Version: after.version, Publisher: after.publisher }
  for (const [attribute, value] of Object.entries(identity)) {
    xml = xml.replace(
      new RegExp(`(<Identity [^>]*\\b${attribute}=")[^"]*`),
      (_, head) => head + escaped(value),
    )
  }
  if (edits.targetPlatform !== undefined) {
    const attribute = edits.targetPlatform === null ? '' : `TargetPlatform="${escaped(edits.targetPlatform)}"`
    xml = xml.replace(/ ?(TargetPlatform="[^"]*")?\s*\/>/, () => ` ${attribute}/>`)
  }
  const lists = (value: unknown) => (Array.isArray(value) ? [...new Set(value)].join(',') : '')
  if ('engines' in manifest) xml = withProperty(xml, 'Engine', Object(after.engines).vscode)
  if ('extensionDependencies' in manifest) {
    xml = withProperty(xml, 'ExtensionDependencies', lists(after.extensionDependencies))
  }
  if ('extensionPack' in manifest) xml = withProperty(xml, 'ExtensionPack', lists(after.extensionPack))
  if ('main' in manifest || 'browser' in manifest) {
    xml = withProperty(xml, 'ExecutesCode', after.main || after.browser ? 'true' : null)
  }
  if (edits.preRelease !== undefined) xml = withProperty(xml, 'PreRelease', edits.preRelease ? 'true' : null)
  if ('displayName' in manifest) xml = withElement(xml, 'DisplayName', after.displayName ?? after.name)
  if ('description' in manifest) xml = withElement(xml, 'Description', after.description ?? '')
  if ('keywords' in manifest) xml = withElement(xml, 'Tags', lists(after.keywords))
  if ('categories' in manifest) xml = withElement(xml, 'Categories', lists(after.categories))
  files.set('extension.vsixmanifest', Buffer.from(xml))

  for (const [path, contents] of Object.entries(edits.files ?? {})) {
    if (contents === null) files.delete(path)
    else files.set(path, Buffer.from(typeof contents === 'function' ? contents(textOf(path)) : contents))
  }
  return new Uint8Array(zipOf([...files].map(([entry, data]) => ({ name: entry, data }))))
}

const escapes: Record<string, string> = {
  "'": '&apos;',
  '"': '&quot;',
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
}
const escaped = (value: unknown): string => String(value).replace(/['"<>&]/g, (char) => escapes[char] ?? char)

const defined = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const withProperty = (xml: string, property: string, value: unknown): string => {
  const id = `Microsoft.VisualStudio.Code.${property}`
  const without = xml.replace(new RegExp(`\\s*<Property Id="${id}" [^>]*/>`), '')
  if (value === null) return without
  return without.replace(
    '<Properties>',
    () => `<Properties>\n<Property Id="${id}" Value="${escaped(value)}" />`,
  )
}

const withElement = (xml: string, element: string, value: unknown): string =>
  xml.replace(new RegExp(`(<${element}[^>]*>)[^<]*`), (_, head) => head + escaped(value))
