import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSbom, inspectPackage } from '@devforge/server/modules/marketplace/vsix/index'
import { expect, it } from 'vitest'
import { packVsix, variantOf } from '../../support/vsix.ts'
import { open } from './reading.ts'

const NODE_MODULES = join(import.meta.dirname, '../../node_modules')

/** Packages as authors bundle them: with words like "PRIVATE KEY", addresses with passwords in their documents, odd names, maps. */
const PACKAGES = ['express', 'jsonwebtoken', 'pg', 'winston', 'otpauth', 'compression', 'helmet']

function* filesOf(folder: string, under = ''): Generator<[string, Buffer]> {
  for (const entry of readdirSync(join(folder, under), { withFileTypes: true })) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`
    if (entry.isFile()) yield [path, readFileSync(join(folder, path))]
    else if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesOf(folder, path)
  }
}

it('publishes honest packages with their dependencies: nothing to refuse, nothing to hold', async () => {
  const files: Record<string, Buffer> = {}
  for (const name of PACKAGES) {
    const folder = join(NODE_MODULES, name)
    for (const [path, bytes] of filesOf(folder)) files[`extension/node_modules/${name}/${path}`] = bytes
  }
  expect(Object.keys(files).length).toBeGreaterThan(100)
  const pkg = await open(variantOf(await packVsix(), { files }))
  const { findings, leakedTokens } = await inspectPackage(pkg)
  expect(
    [...pkg.findings, ...findings].filter(({ severity }) => severity === 'error' || severity === 'hold'),
  ).toEqual([])
  expect(leakedTokens).toEqual([])
  const components: { name: string }[] = JSON.parse(await buildSbom(pkg)).components
  expect(components.map(({ name }) => name).toSorted()).toEqual(PACKAGES.toSorted())
})
