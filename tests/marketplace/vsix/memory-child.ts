import { open } from 'node:fs/promises'
import type { RandomAccess } from '@devforge/server/files/types'
import { buildSbom, inspectPackage, openPackage } from '@devforge/server/modules/marketplace/vsix/index'

/** Opens, looks through and lists a package as the server does, and tells by how much the process has grown meanwhile. */
async function fileSource(path: string): Promise<RandomAccess> {
  const file = await open(path)
  const { size } = await file.stat()
  return {
    size,
    async read(offset, length) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset)
      if (bytesRead < length) throw new Error('short read')
      return buffer
    },
    close: () => file.close(),
  }
}

async function scan(path: string): Promise<number> {
  const pkg = await openPackage(await fileSource(path))
  const { findings } = await inspectPackage(pkg)
  await buildSbom(pkg)
  await pkg.close()
  return findings.length
}

const [small = '', large = ''] = process.argv.slice(2)
// Everything is loaded and compiled before the measure is taken.
for (let run = 0; run < 20; run++) await scan(small)
globalThis.gc?.()
const before = process.memoryUsage.rss()
let peak = before
const sampler = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 10)
const start = performance.now()
const findings = await scan(large)
clearInterval(sampler)
process.stdout.write(JSON.stringify({ grownBytes: peak - before, findings, ms: performance.now() - start }))
