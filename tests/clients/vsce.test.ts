import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '../support/people.ts'
import { type Bench, openBench, type Ran, SLOW, sources } from './support.ts'

// The unmodified `vsce`: authors pack with it, and look for extensions through the gallery where VSCE_MARKETPLACE_URL points.

const NS = 'vsce-acme'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench[Symbol.asyncDispose]())

const vsce = (args: string[], cwd?: string): Promise<Ran> => bench.run('vsce', args, cwd ? { cwd } : {})

test('what vsce packs is published; vsce search and vsce show find it', SLOW, async () => {
  const [author, admin] = [await signUp(bench.t), await signUp(bench.t, { role: 'admin' })]
  await author.forge.marketplace.createPublisher({ name: NS })
  const cwd = await bench.write('packed', sources({ publisher: NS, name: 'packed', version: '1.2.3' }))
  const packed = await vsce(['package', '-o', 'packed.vsix'], cwd)
  expect(packed.code, packed.output).toBe(0)

  const vsix = new Uint8Array(await readFile(join(cwd, 'packed.vsix')))
  const { id: submissionId } = await author.forge.marketplace.submit(vsix)
  await bench.t.drain()
  await admin.forge.marketplace.approve({ submissionId })
  await bench.t.drain()

  const [search, show] = await Promise.all([
    vsce(['search', 'packed', '--json']),
    vsce(['show', `${NS}.packed`, '--json']),
  ])
  expect(search.code, search.output).toBe(0)
  const [found] = JSON.parse(search.output) as {
    extensionName: string
    publisher: { publisherName: string }
  }[]
  expect([found?.publisher.publisherName, found?.extensionName]).toEqual([NS, 'packed'])
  expect(show.code, show.output).toBe(0)
  expect(JSON.parse(show.output)).toMatchObject({
    extensionName: 'packed',
    displayName: 'Hello',
    versions: [{ version: '1.2.3' }],
  })
})
