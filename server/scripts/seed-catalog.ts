/**
 * `pnpm seed:catalog [count] [seed]`: fills the empty catalog of the database in DATABASE_URL with made-up extensions (default 10,000),
 * the same for the same seed. For trying out and measuring; packages to download are not made.
 */
import { migrate } from '@devforge/db/migrate'
import { loadCatalog } from '../sandbox/catalog/load.ts'

const url = process.env.DATABASE_URL
const [count = '10000', seed = '1'] = process.argv.slice(2)
if (!url || !/^\d+$/.test(count) || !/^\d+$/.test(seed)) {
  process.stderr.write('Usage: DATABASE_URL=postgres://… pnpm seed:catalog [count] [seed]\n')
  process.exit(1)
}
await migrate(url)
const loaded = await loadCatalog(url, { count: Number(count), seed: Number(seed), now: new Date() })
const number = (value: number): string => value.toLocaleString('en-US')
process.stdout.write(
  `${number(loaded.extensions)} extensions, ${number(loaded.packages)} packages, ${number(loaded.ratings)} ratings in ${loaded.seconds.toFixed(1)} s\n`,
)
