import { expect, it } from 'vitest'
import { packVsix, variantOf } from '../../support/vsix.ts'
import { unzip } from '../../support/zip.ts'

it('packs with the real vsce, once per set of options', async () => {
  const vsix = await packVsix({
    publisher: 'acme',
    name: 'packed',
    targetPlatform: 'linux-x64',
    preRelease: true,
  })
  const files = unzip(vsix)
  expect([...files.keys()]).toContain('[Content_Types].xml')
  expect(files.get('extension.vsixmanifest')?.toString()).toMatch(
    /Id="packed" Version="1.0.0" Publisher="acme" TargetPlatform="linux-x64"/,
  )
  const again = await packVsix({
    publisher: 'acme',
    name: 'packed',
    targetPlatform: 'linux-x64',
    preRelease: true,
  })
  expect(Buffer.compare(again, vsix)).toBe(0)
})

it('packs bundled packages', async () => {
  const vsix = await packVsix({
    manifest: { dependencies: { 'left-pad': '1.3.0' } },
    files: {
      'node_modules/left-pad/package.json': JSON.stringify({ name: 'left-pad', version: '1.3.0' }),
      'node_modules/left-pad/index.js': 'module.exports = String\n',
    },
  })
  expect([...unzip(vsix).keys()]).toContain('extension/node_modules/left-pad/index.js')
})

it('changes both manifests of a variant', async () => {
  const variant = variantOf(await packVsix(), {
    publisher: 'globex',
    name: 'other',
    version: '2.1.0',
    targetPlatform: 'darwin-arm64',
    preRelease: true,
    manifest: {
      extensionDependencies: ['a.b', 'c.d'],
      displayName: 'Tom & Jerry',
      engines: { vscode: '^1.90.0' },
    },
    files: { 'extension/extra.js': '1', 'extension/changelog.md': null },
  })
  const files = unzip(variant)
  const xml = files.get('extension.vsixmanifest')?.toString() ?? ''
  expect(xml).toMatch(/Id="other" Version="2.1.0" Publisher="globex" TargetPlatform="darwin-arm64"\/>/)
  expect(xml).toContain('<DisplayName>Tom &amp; Jerry</DisplayName>')
  expect(xml).toMatch(/Code.ExtensionDependencies" Value="a.b,c.d"/)
  expect(xml).toMatch(/Code.Engine" Value="\^1.90.0"/)
  expect(xml).toMatch(/Code.PreRelease" Value="true"/)
  expect(JSON.parse(files.get('extension/package.json')?.toString() ?? '')).toMatchObject({
    name: 'other',
    version: '2.1.0',
  })
  expect(files.has('extension/changelog.md')).toBe(false)
  expect(files.get('extension/extra.js')?.toString()).toBe('1')
  expect(
    unzip(variantOf(variant, { targetPlatform: null }))
      .get('extension.vsixmanifest')
      ?.toString(),
  ).not.toContain('TargetPlatform')
})
