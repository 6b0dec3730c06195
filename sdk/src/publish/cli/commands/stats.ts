import type { Command } from '../command.ts'
import { EXIT, UsageError } from '../io.ts'
import { extensionOf, shown, table } from '../text.ts'

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 28
const KEYS = ['day', 'version', 'platform'] as const

const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const stats: Command = {
  name: 'stats',
  summary: 'say how an extension of yours is used',
  operands: '<publisher.name>',
  minOperands: 1,
  maxOperands: 1,
  options: {
    from: {
      type: 'string',
      value: '<day>',
      help: `first day, such as 2026-11-01; default ${DEFAULT_DAYS} days ago`,
    },
    to: { type: 'string', value: '<day>', help: 'last day; default today (UTC)' },
    by: { type: 'string', value: '<key>', help: 'day (the default), version or platform' },
    csv: { type: 'boolean', help: 'a line per day, version and platform, as CSV' },
  },
  async run(cli, args) {
    const forge = await cli.forge()
    const { id } = extensionOf(args.positionals[0] ?? '')
    const now = Date.now()
    const range = {
      id,
      from: args.text('from') ?? dayText(now - (DEFAULT_DAYS - 1) * DAY_MS),
      to: args.text('to') ?? dayText(now),
    }
    if (args.flag('csv')) {
      const { csv } = await forge.marketplace.statsCsv(range)
      cli.io.out(csv.endsWith('\n') ? csv : `${csv}\n`)
      return EXIT.ok
    }
    const by = KEYS.find((key) => key === (args.text('by') ?? 'day'))
    if (!by) throw new UsageError(`--by takes ${KEYS.join(', ')}.`)
    const answer = await forge.marketplace.stats({ ...range, by })
    cli.print(answer, () => {
      const row = (key: string, sums: (typeof answer)['totals']): string[] => [
        shown(key),
        String(sums.downloads),
        String(sums.installs),
        String(sums.updates),
        String(sums.uninstalls),
      ]
      return table([
        [by, 'downloads', 'installs', 'updates', 'uninstalls'],
        ...answer.items.map((item) => row(item.key, item)),
        row('total', answer.totals),
      ])
    })
    return EXIT.ok
  },
}
