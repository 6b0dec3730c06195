// `pnpm bench:desk`: what people do at a desk with a million tickets.

import { deskDoings } from './desk-doings.ts'
import { DOING_OPTIONS, runDoings } from './doings.ts'
import { openDesk } from './made-up.ts'
import { flag, number, readOptions } from './options.ts'
import { say } from './report.ts'
import { whole } from './turns.ts'

const options = readOptions(
  'desk',
  'what people do at a desk with a million tickets: how long it takes, what it costs, and by which plans PostgreSQL answers.\nFails when one of them reads a large table from end to end.',
  {
    ...DOING_OPTIONS,
    count: number('tickets (1000000)'),
    durable: flag('commits wait for the disk'),
  },
)
const count = options.count ?? (options.quick ? 3_000 : 1_000_000)
await using data = await openDesk(count, options)
const { tickets, messages, events, seconds } = data.loaded
say(
  `${whole(tickets)} tickets, ${whole(messages)} messages, ${whole(events)} events, loaded in ${seconds.toFixed(0)} s`,
)
await runDoings(data, {
  options,
  doingsOf: deskDoings,
  requests: options.quick ? 300 : 6_000,
  large: [
    'tickets',
    'ticket_messages',
    'ticket_events',
    'ticket_search',
    'ticket_links',
    'users',
    'sessions',
    'licenses',
  ],
  small: count < 100_000,
})
