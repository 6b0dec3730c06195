import { buildSbom } from '@devforge/server/modules/marketplace/vsix/index'
import { expect, it } from 'vitest'
import { packVsix, variantOf } from '../../support/vsix.ts'
import { open } from './reading.ts'

const json = (value: unknown): string => JSON.stringify(value)

it('lists the bundled packages and which needs which, as Node.js resolves it', async () => {
  const vsix = variantOf(await packVsix({ targetPlatform: 'linux-x64' }), {
    manifest: { dependencies: { a: '^1.0.0', missing: '1' } },
    files: {
      'extension/node_modules/a/package.json': json({
        name: 'a',
        version: '1.2.3',
        license: 'MIT',
        dependencies: { b: '2', '@scope/c': '1' },
      }),
      'extension/node_modules/a/node_modules/b/package.json': json({
        name: 'b',
        version: '2.0.0',
        license: 'MIT OR Apache-2.0',
      }),
      'extension/node_modules/b/package.json': json({
        name: 'b',
        version: '1.0.0',
        license: { type: 'ISC' },
      }),
      'extension/node_modules/@scope/c/package.json': json({
        name: '@scope/c',
        version: '0.1.0',
        license: 'Custom',
        dependencies: { b: '1' },
      }),
      'extension/node_modules/broken/package.json': '{',
      'extension/node_modules/a/test/fixture/package.json': json({ name: 'fixture', version: '1.0.0' }),
      'extension/dist/package.json': json({ name: 'dist', version: '1.0.0' }),
    },
  })
  const text = await buildSbom(await open(vsix))
  const bom = JSON.parse(text)
  expect(bom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: {
      component: {
        type: 'application',
        name: 'hello',
        group: 'acme',
        version: '1.0.0',
        purl: 'pkg:vscode-extension/acme/hello@1.0.0?platform=linux-x64',
        licenses: [{ license: { id: 'MIT' } }],
      },
    },
  })
  const components: { purl: string; licenses?: unknown; 'bom-ref': string }[] = bom.components
  expect(components.map(({ purl }) => purl).toSorted()).toEqual([
    'pkg:npm/%40scope/c@0.1.0',
    'pkg:npm/a@1.2.3',
    'pkg:npm/b@1.0.0',
    'pkg:npm/b@2.0.0',
    'pkg:npm/broken',
  ])
  const licenses = Object.fromEntries(components.map(({ purl, licenses }) => [purl, licenses]))
  expect(licenses).toMatchObject({
    'pkg:npm/b@2.0.0': [{ expression: 'MIT OR Apache-2.0' }],
    'pkg:npm/b@1.0.0': [{ license: { id: 'ISC' } }],
    'pkg:npm/%40scope/c@0.1.0': [{ license: { name: 'Custom' } }],
  })
  const links = Object.fromEntries(
    bom.dependencies.map(({ ref, dependsOn = [] }: { ref: string; dependsOn?: string[] }) => [
      ref,
      dependsOn,
    ]),
  )
  expect(links.extension).toEqual(['extension/node_modules/a'])
  expect(links['extension/node_modules/a']?.toSorted()).toEqual([
    'extension/node_modules/@scope/c',
    'extension/node_modules/a/node_modules/b',
  ])
  expect(links['extension/node_modules/@scope/c']).toEqual(['extension/node_modules/b'])
  expect(await buildSbom(await open(vsix))).toBe(text)
})

it('lists nothing where nothing is bundled', async () => {
  const bom = JSON.parse(await buildSbom(await open(await packVsix())))
  expect(bom.components ?? []).toEqual([])
})
