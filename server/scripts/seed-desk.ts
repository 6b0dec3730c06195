/**
 * `pnpm seed:desk [count] [seed]`: fills the empty desk of the database in DATABASE_URL with made-up tickets (default 10,000), the same for
 * the same seed. For trying out and measuring.
 */
import { migrate } from '@devforge/db/migrate'
import { loadDesk } from '../sandbox/desk/load.ts'

const url = process.env.DATABASE_URL
const [count = '10000', seed = '1'] = process.argv.slice(2)
if (!url || !/^\d+$/.test(count) || !/^\d+$/.test(seed)) {
  process.stderr.write('Usage: DATABASE_URL=postgres://… pnpm seed:desk [count] [seed]\n')
  process.exit(1)
}
await migrate(url)
const loaded = await loadDesk(url, { count: Number(count), seed: Number(seed), now: new Date() })
const number = (value: number): string => value.toLocaleString('en-US')
process.stdout.write(
  `${number(loaded.tickets)} tickets, ${number(loaded.messages)} messages, ${number(loaded.events)} events in ${loaded.seconds.toFixed(1)} s\n`,
)
