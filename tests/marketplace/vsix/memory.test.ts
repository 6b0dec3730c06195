import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { packVsix } from '../../support/vsix.ts'
import { zipOf } from '../../support/zip.ts'
import { honestEntries } from './reading.ts'

const MIB = 1024 * 1024
/** The bound, for a package of 200 MB. */
const MAX_GROWTH_BYTES = 32 * MIB

/** Programs, bundles of code and one very long file, 200 MB packed. */
async function largePackage(): Promise<Buffer> {
  const program = randomBytes(8 * MIB)
  const code = Buffer.from(
    `${randomBytes(3 * MIB)
      .toString('base64')
      .replace(/.{90}/g, '$&\n')}\n`,
  )
  const packedCode = deflateRawSync(code, { level: 1 })
  const long = Buffer.concat(Array.from({ length: 10 }, () => code))
  return zipOf([
    ...(await honestEntries()),
    ...Array.from({ length: 12 }, (_, index) => ({
      name: `extension/bin/${index}.node`,
      data: program,
      method: 0,
    })),
    ...Array.from({ length: 20 }, (_, index) => ({
      name: `extension/dist/${index}.js`,
      data: code,
      raw: packedCode,
    })),
    { name: 'extension/dist/long.js', data: long, method: 0 },
  ])
}

it('looks through 200 MB within 32 MB of memory', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'devforge-memory-'))
  try {
    const large = await largePackage()
    expect(large.length).toBeGreaterThan(190 * MIB)
    await writeFile(join(folder, 'small.vsix'), await packVsix())
    await writeFile(join(folder, 'large.vsix'), large)
    const child = join(import.meta.dirname, 'memory-child.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      child,
      join(folder, 'small.vsix'),
      join(folder, 'large.vsix'),
    ])
    const { grownBytes, findings } = JSON.parse(stdout)
    expect(findings).toBe(0)
    expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
