import { expect, it } from 'vitest'
import { packVsix, type VsixEdits, variantOf } from '../../support/vsix.ts'
import { open, refusalFindings, refusals } from './reading.ts'

const JSON_FILE = 'extension/package.json'
const XML_FILE = 'extension.vsixmanifest'

const refused = async (edits: VsixEdits) => refusals(variantOf(await packVsix(), edits))
/** Only this one of the two manifests is changed: they disagree afterwards. */
const inXml = (from: string | RegExp, to: string) =>
  refused({ files: { [XML_FILE]: (xml) => replaced(xml, from, to) } })
const inJson = (from: string | RegExp, to: string) =>
  refused({ files: { [JSON_FILE]: (json) => replaced(json, from, to) } })

function replaced(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, () => to)
  if (changed === text) throw new Error(`nothing to replace: ${from}`)
  return changed
}

it('reads what the manifests say', async () => {
  const vsix = await packVsix({
    targetPlatform: 'darwin-arm64',
    preRelease: true,
    manifest: {
      displayName: '%name%',
      description: 'Tom & Jerry <3 "quotes"',
      preview: true,
      pricing: 'Trial',
      extensionDependencies: ['Other.Thing', 'other.thing', 'a.b'],
      extensionPack: ['x.y'],
      contributes: {
        localizations: [
          {
            languageId: 'fr',
            localizedLanguageName: 'Français',
            translations: [{ id: 'vscode', path: './fr.json' }],
          },
        ],
      },
    },
    files: { 'package.nls.json': '{"name":"Hello 👨‍👩‍👧 World"}', 'fr.json': '{}' },
  })
  const pkg = await open(vsix)
  expect(pkg).toMatchObject({
    displayName: 'Hello 👨‍👩‍👧 World',
    description: 'Tom & Jerry <3 "quotes"',
    preview: true,
    pricing: 'Trial',
    engine: '^1.80.0',
    engineFloor: 1_000_080_000_000,
    dependencies: ['other.thing', 'a.b'],
    packMembers: ['x.y'],
    localizedLanguages: ['Français'],
    executesCode: true,
    license: 'MIT',
    categories: ['Other'],
    repositoryUrl: 'https://github.com/acme/hello',
    files: {
      readme: 'extension/readme.md',
      changelog: 'extension/changelog.md',
      license: 'extension/LICENSE.txt',
      icon: 'extension/icon.png',
    },
    manifest: { name: 'hello' },
    findings: [],
  })
  expect(pkg.tags).toContain('greeting')
  expect(pkg.vsixManifest).toContain('<PackageManifest')
})

it('reads a package with no more than it needs', async () => {
  const bare = await packVsix({
    manifest: {
      displayName: undefined,
      description: undefined,
      icon: undefined,
      categories: undefined,
      keywords: undefined,
      license: undefined,
      repository: undefined,
      main: undefined,
      activationEvents: undefined,
      contributes: undefined,
    },
    files: { 'README.md': null, 'CHANGELOG.md': null, LICENSE: null, 'icon.png': null, 'extension.js': null },
  })
  const pkg = await open(bare)
  expect(pkg).toMatchObject({
    displayName: 'hello',
    description: '',
    executesCode: false,
    files: {},
    preview: false,
  })
  expect(pkg.identity.targetPlatform).toBe('universal')
})

it.each(['*', '1.80.0', '^1.80.0', '>=1.80.0', '^1.80.x', '1.x.x', '^1.80.0-insider', '^0.10.0'])(
  'takes the engine range %s, which vsce takes',
  async (vscode) => {
    const pkg = await open(await packVsix({ manifest: { engines: { vscode } } }))
    expect(pkg.engine).toBe(vscode)
  },
)

it.each(['latest', '~1.80.0', '1.80', '<2.0.0', '>1.0.0 <2.0.0', '', 'evil || *'])(
  'refuses the engine range %j',
  async (vscode) => {
    expect(await refused({ manifest: { engines: { vscode } } })).toContain(`manifest-field ${JSON_FILE}`)
  },
)

it.each(['v1.0.0', '1.0', '1.0.0+build', ' 1.0.0', '01.0.0', '1.0.0.0', 'latest'])(
  'refuses the version %j',
  async (version) => {
    expect(await refused({ version })).toContain(`manifest-field ${JSON_FILE}`)
  },
)

it('takes a pre-release of semver', async () => {
  expect(await refused({ version: '1.0.0-beta.2' })).toEqual([])
})

it.each(['', '-x', 'a b', 'ä', 'a.b', 'a/b', '../a', 'x'.repeat(129)])(
  'refuses %j as publisher or name',
  async (name) => {
    expect(await refused({ manifest: { name } })).toContain(`manifest-field ${JSON_FILE}`)
    expect(await refused({ manifest: { publisher: name } })).toContain(`manifest-field ${JSON_FILE}`)
  },
)

it('refuses a package that vsce made without a publisher', async () => {
  const vsix = await packVsix({ manifest: { publisher: undefined } })
  expect(await refusals(vsix)).toEqual([`manifest-field ${JSON_FILE}`])
})

it.each<[string, string | RegExp, string]>([
  ['publisher', 'Publisher="acme"', 'Publisher="microsoft"'],
  ['publisher by case', 'Publisher="acme"', 'Publisher="Acme"'],
  ['name', 'Id="hello"', 'Id="python"'],
  ['version', 'Version="1.0.0" Publisher', 'Version="9.0.0" Publisher'],
  ['engine', 'Code.Engine" Value="^1.80.0"', 'Code.Engine" Value="^1.10.0"'],
  ['dependencies', 'ExtensionDependencies" Value=""', 'ExtensionDependencies" Value="evil.helper"'],
  ['pack', 'ExtensionPack" Value=""', 'ExtensionPack" Value="evil.helper"'],
  ['path of the manifest', 'Path="extension/package.json"', 'Path="extension/icon.png"'],
])('refuses manifests that disagree on the %s', async (_, from, to) => {
  expect(await inXml(from, to)).toEqual([`manifest-mismatch ${XML_FILE}`])
})

it.each<[string, string | RegExp, string]>([
  ['publisher', '"publisher": "acme"', '"publisher": "microsoft"'],
  ['name', '"name": "hello"', '"name": "python"'],
  ['version', '"version": "1.0.0"', '"version": "9.0.0"'],
  ['engine', '"^1.80.0"', '"^1.81.0"'],
  ['dependencies', '"main"', '"extensionDependencies": ["evil.helper"], "main"'],
  ['pack', '"main"', '"extensionPack": ["evil.helper"], "main"'],
  ['target platform', '"main"', '"__metadata": { "targetPlatform": "linux-x64" }, "main"'],
  ['pre-release', '"main"', '"__metadata": { "isPreReleaseVersion": true }, "main"'],
])('refuses manifests that disagree on the %s, the other way round', async (_, from, to) => {
  expect(await inJson(from, to)).toEqual([`manifest-mismatch ${XML_FILE}`])
})

it('does not mind order, case and doubles in lists of extensions', async () => {
  const edits = { manifest: { extensionDependencies: ['a.b', 'C.D', 'a.b'] } }
  const vsix = variantOf(await packVsix(), {
    ...edits,
    files: { [XML_FILE]: (xml) => replaced(xml, 'Value="a.b,C.D"', 'Value="c.d, a.b"') },
  })
  expect(await refusals(vsix)).toEqual([])
})

it.each([['a.b,evil.helper'], ['a'], [7], 'a.b', [{ id: 'a.b' }]])(
  'refuses %j as dependencies',
  async (extensionDependencies) => {
    expect(await refused({ manifest: { extensionDependencies } })).toContain(`manifest-field ${JSON_FILE}`)
  },
)

it('refuses platforms that no editor knows, and those that old editors would install anywhere', async () => {
  expect(await refused({ targetPlatform: 'beos-ppc' })).toEqual([`manifest-field ${XML_FILE}`])
  expect(await refused({ targetPlatform: 'universal' })).toEqual([])
  const old = { manifest: { engines: { vscode: '^1.60.0' } } }
  expect(await refused({ ...old, targetPlatform: 'linux-x64' })).toEqual([`manifest-field ${JSON_FILE}`])
  expect(await refused({ ...old, preRelease: true })).toEqual([`manifest-field ${JSON_FILE}`])
  expect(await refused(old)).toEqual([])
  // vsce takes this one: it says nothing of any version.
  const any = await packVsix({
    targetPlatform: 'linux-x64',
    preRelease: true,
    manifest: { engines: { vscode: '*' } },
  })
  expect(await refusals(any)).toEqual([])
})

it('holds a package that is called one thing in the gallery and another in the editor', async () => {
  const renamed = variantOf(await packVsix(), {
    files: { [XML_FILE]: (xml) => replaced(xml, '<DisplayName>Hello<', '<DisplayName>Python<') },
  })
  const pkg = await open(renamed)
  expect(pkg.displayName).toBe('Python')
  expect(pkg.findings).toMatchObject([{ rule: 'display-name', severity: 'hold', file: JSON_FILE }])

  const byKey = variantOf(await packVsix(), {
    files: {
      [JSON_FILE]: (json) => replaced(json, '"displayName": "Hello"', '"displayName": "%name%"'),
      'extension/package.nls.json': '{"name":"Python"}',
    },
  })
  expect((await open(byKey)).findings).toMatchObject([{ rule: 'display-name' }])
})

it('refuses packages without one of the manifests', async () => {
  expect(await refused({ files: { [XML_FILE]: null } })).toEqual(['manifest-missing'])
  expect(await refused({ files: { [JSON_FILE]: null } })).toEqual(['manifest-missing'])
  expect(await refused({ files: { [JSON_FILE]: null, [XML_FILE]: null } })).toEqual([
    'manifest-missing',
    'manifest-missing',
  ])
})

it('refuses manifests of an absurd size', async () => {
  const huge = variantOf(await packVsix(), { manifest: { filler: 'x'.repeat(5_000) } })
  expect(await refusals(huge, { limits: { maxManifestBytes: 4_000 } })).toEqual([
    `file-too-large ${JSON_FILE}`,
  ])
})

it.each<[string, (xml: string) => string]>([
  ['a DOCTYPE', (xml) => xml.replace('?>', '?><!DOCTYPE x>')],
  ['entities', (xml) => xml.replace('?>', '?><!DOCTYPE x [<!ENTITY a "b">]>').replace('Hello', '&a;')],
  [
    'a file read by an entity',
    (xml) => xml.replace('?>', '?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
  ],
  ['an entity that is not defined', (xml) => xml.replace('Hello', '&nbsp;')],
])('refuses %s in the XML', async (_, change) => {
  expect(await refused({ files: { [XML_FILE]: change } })).toEqual([`xml-doctype ${XML_FILE}`])
})

it.each<[string, (xml: string) => string]>([
  ['broken XML', (xml) => xml.replace('</Metadata>', '')],
  ['something else', () => '<Other/>'],
  ['a manifest under another name', (xml) => xml.replaceAll('PackageManifest', 'Manifest')],
  ['nothing', () => ''],
  ['an attribute twice', (xml) => xml.replace('Publisher="acme"', 'Publisher="acme" Publisher="evil"')],
  [
    'two identities',
    (xml) => xml.replace('<DisplayName>', '<Identity Id="a" Version="1.0.0" Publisher="b"/><DisplayName>'),
  ],
  [
    'an identity of another namespace',
    (xml) => xml.replace('<DisplayName>', '<e:Identity xmlns:e="urn:e" Id="a"/><DisplayName>'),
  ],
  ['no identity', (xml) => xml.replace(/<Identity [^>]*>/, '')],
  ['an identity without a publisher', (xml) => xml.replace('Publisher="acme"', '')],
  ['two names', (xml) => xml.replace('<DisplayName>', '<DisplayName>Python</DisplayName><DisplayName>')],
  [
    'a property twice',
    (xml) =>
      xml.replace(
        '<Properties>',
        '<Properties><Property Id="Microsoft.VisualStudio.Code.Engine" Value="*"/>',
      ),
  ],
  [
    'an asset twice',
    (xml) =>
      xml.replace(
        '<Assets>',
        '<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/x.json"/>',
      ),
  ],
])('refuses %s as XML', async (_, change) => {
  expect(await refused({ files: { [XML_FILE]: change } })).toEqual([`manifest-xml ${XML_FILE}`])
})

it('refuses byte order marks, other encodings and broken UTF-8 in both', async () => {
  for (const file of [XML_FILE, JSON_FILE]) {
    expect(await refused({ files: { [file]: (text) => `\uFEFF${text}` } })).toEqual([
      `manifest-encoding ${file}`,
    ])
    expect(await refused({ files: { [file]: Buffer.from([0x7b, 0xff, 0x7d]) } })).toEqual([
      `manifest-encoding ${file}`,
    ])
  }
  expect(await inXml('encoding="utf-8"', 'encoding="utf-16"')).toEqual([`manifest-encoding ${XML_FILE}`])
})

it.each<[string, string, string]>([
  ['__proto__', '"main"', '"__proto__": { "publisher": "evil" }, "main"'],
  ['__proto__ deeper down', '"commands": [', '"x": [{ "__proto__": {} }], "commands": ['],
  ['__proto__ spelled with escapes', '"main"', '"\\u005f_proto__": {}, "main"'],
  ['a key twice', '"main"', '"publisher": "evil", "main"'],
  ['a key twice, once with escapes', '"main"', '"\\u0070ublisher": "evil", "main"'],
  ['an engine twice', '"vscode": "^1.80.0"', '"vscode": "^1.10.0", "vscode": "^1.80.0"'],
  ['a NUL', '"main"', '"x": "a\\u0000b", "main"'],
  ['half a character', '"main"', '"x": "a\\ud800b", "main"'],
  ['JSON that is none', '"main"', '// comment\n"main"'],
])('refuses %s in package.json', async (_, from, to) => {
  expect(await inJson(from, to)).toEqual([`manifest-json ${JSON_FILE}`])
})

it('says the line', async () => {
  const vsix = variantOf(await packVsix(), {
    files: { [JSON_FILE]: (json) => replaced(json, '"main"', '"publisher": "evil",\n"main"') },
  })
  expect(await refusalFindings(vsix)).toMatchObject([{ rule: 'manifest-json', line: 23 }])
})

it('refuses package.json that is a list, or endlessly deep', async () => {
  expect(await refused({ files: { [JSON_FILE]: '[]' } })).toEqual([`manifest-json ${JSON_FILE}`])
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  expect(await inJson('"main"', `"x": ${deep}, "main"`)).toEqual([`manifest-json ${JSON_FILE}`])
})

it('only warns of doubled keys that decide nothing, and takes strings that look like keys', async () => {
  const edits = {
    files: {
      [JSON_FILE]: (json: string) => replaced(json, '"title": "Greet"', '"title": "Greet", "title": "Hi"'),
    },
  }
  const pkg = await open(variantOf(await packVsix(), edits))
  expect(pkg.findings).toMatchObject([{ rule: 'manifest-json', severity: 'warning', file: JSON_FILE }])
  const texts = {
    keywords: ['publisher', 'publisher":', '"__proto__":'],
    x: { publisher: 1 },
    y: { publisher: 2 },
  }
  expect((await open(variantOf(await packVsix(), { manifest: texts }))).findings).toEqual([])
})

it.each([
  'Py\u200Bthon',
  'Python\u202E',
  'Py\u00ADthon',
  'Python\u2060',
  'P\uFE01ython',
  'Py\u200Dthon',
  'Python\u{E0041}',
])('refuses %j as a display name', async (displayName) => {
  expect(await refused({ manifest: { displayName } })).toEqual([`hidden-characters ${XML_FILE}`])
})

it('takes honest emoji and scripts as a display name', async () => {
  for (const displayName of ['❤️ Hello', '👩🏽‍💻 Code', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', 'नमस्ते', '日本語', 'עברית']) {
    expect(await refused({ manifest: { displayName } })).toEqual([])
  }
})

it('refuses hidden characters in tags and a description that turns around', async () => {
  expect(await refused({ manifest: { keywords: ['a\u200Bb'] } })).toEqual([`hidden-characters ${XML_FILE}`])
  expect(await refused({ manifest: { description: 'safe \u202Eexe.gpj' } })).toEqual([
    `hidden-characters ${XML_FILE}`,
  ])
})

it('refuses texts without end', async () => {
  expect(await refused({ manifest: { displayName: 'x'.repeat(257) } })).toEqual([
    `manifest-field ${XML_FILE}`,
  ])
  expect(await refused({ manifest: { displayName: ' ' } })).toContain(`manifest-field ${XML_FILE}`)
  expect(await refused({ manifest: { description: 'x'.repeat(4_097) } })).toEqual([
    `manifest-field ${XML_FILE}`,
  ])
  expect(await refused({ manifest: { keywords: ['x'.repeat(101)] } })).toEqual([`manifest-field ${XML_FILE}`])
  const keywords = Array.from({ length: 1_001 }, (_, index) => `k${index}`)
  expect(await refused({ manifest: { keywords } })).toEqual([`manifest-field ${XML_FILE}`])
})

it('refuses assets that are not in the package or not of the extension', async () => {
  expect(await refused({ files: { 'extension/readme.md': null } })).toEqual([`manifest-asset ${XML_FILE}`])
  expect(await inXml('Path="extension/readme.md"', 'Path="[Content_Types].xml"')).toEqual([
    `manifest-asset ${XML_FILE}`,
  ])
  expect(await inXml('Path="extension/readme.md"', 'Path="extension/README.md"')).toEqual([
    `manifest-asset ${XML_FILE}`,
  ])
})

it('refuses a readme that is too long to show', async () => {
  const long = variantOf(await packVsix(), { files: { 'extension/readme.md': 'x'.repeat(2_000) } })
  expect(await refusals(long, { limits: { maxAssetBytes: 1_000 } })).toEqual([
    'file-too-large extension/readme.md',
  ])
})

it.each(['../../evil.js', '/etc/evil.js', 'C:\\evil.js', './lib/../../evil.js', '..\\evil'])(
  'refuses to start at %j',
  async (main) => {
    expect(await refused({ manifest: { main } })).toEqual([`entry-point ${JSON_FILE}`])
    expect(await refused({ manifest: { browser: main } })).toEqual([`entry-point ${JSON_FILE}`])
  },
)

it('warns of a start that is not there, and finds those without an ending', async () => {
  const base = await packVsix()
  const missing = await open(variantOf(base, { manifest: { main: './lost' } }))
  expect(missing.findings).toMatchObject([{ rule: 'entry-point', severity: 'warning' }])
  const bare = await open(variantOf(base, { manifest: { main: 'extension' } }))
  expect(bare.findings).toEqual([])
})

it.each<[string, Record<string, unknown>]>([
  ['homepage', { homepage: 'javascript:alert(1)' }],
  ['repository', { repository: { type: 'git', url: ' java\tscript:alert(1)' } }],
  ['bugs', { bugs: { url: 'data:text/html,<script>alert(1)</script>' } }],
  ['sponsor', { sponsor: { url: 'vbscript:x' } }],
  ['badges', { badges: [{ url: 'https://example.com/a.png', href: 'javascript:alert(1)' }] }],
])('refuses code as a link: %s', async (_, manifest) => {
  expect(await refused({ manifest })).toEqual([`script-link ${JSON_FILE}`])
})

it('refuses code as a link in the XML, and shows only links of the web', async () => {
  const link = 'Links.Learn" Value="https://github.com/acme/hello#readme"'
  expect(await inXml(link, 'Links.Learn" Value="javascript:alert(1)"')).toEqual([`script-link ${JSON_FILE}`])
  const odd = variantOf(await packVsix(), {
    files: { [XML_FILE]: (xml) => replaced(xml, link, 'Links.Learn" Value="git+ssh://git@example.com/a"') },
  })
  expect((await open(odd)).homepageUrl).toBeUndefined()
})

it('tells everything that is wrong at once', async () => {
  const found = await refused({
    targetPlatform: 'beos-ppc',
    manifest: { main: '../x.js', homepage: 'javascript:1' },
    files: {
      [XML_FILE]: (xml) => replaced(xml, 'Publisher="acme"', 'Publisher="evil"'),
      'extension/readme.md': null,
    },
  })
  expect(found).toEqual([
    `manifest-mismatch ${XML_FILE}`,
    `manifest-field ${XML_FILE}`,
    `manifest-asset ${XML_FILE}`,
    `entry-point ${JSON_FILE}`,
    `script-link ${JSON_FILE}`,
  ])
})
