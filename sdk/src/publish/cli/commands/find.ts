import type { Command } from '../command.ts'
import { EXIT, UsageError } from '../io.ts'
import { sizeText } from '../progress.ts'
import { extensionOf, shown, table } from '../text.ts'

const SORTS = ['relevance', 'installs', 'rating', 'updated', 'published', 'name', 'trending'] as const
const MOST = 100

export const search: Command = {
  name: 'search',
  summary: 'find extensions',
  operands: '[words …]',
  minOperands: 0,
  maxOperands: 50,
  options: {
    category: { type: 'string', short: 'c', value: '<name>', help: 'of this category only' },
    sort: { type: 'string', short: 's', value: '<by>', help: SORTS.join(', ') },
    limit: { type: 'string', short: 'n', value: '<number>', help: `how many; default 20, at most ${MOST}` },
  },
  async run(cli, args) {
    const forge = await cli.forge()
    const limit = Number(args.text('limit') ?? 20)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
      throw new UsageError(`--limit takes 1 to ${MOST}.`)
    const sort = SORTS.find((one) => one === (args.text('sort') ?? 'relevance'))
    if (!sort) throw new UsageError(`--sort takes ${SORTS.join(', ')}.`)
    const query = args.positionals.join(' ') || undefined
    const found = await forge.marketplace.search({ query, category: args.text('category'), sort, limit })
    cli.print(found, () => [
      ...table(
        found.items.map((item) => [
          item.id,
          item.version ?? '',
          `${item.installs} installs`,
          item.rating.average === null ? '' : `${item.rating.average.toFixed(1)} of 5`,
          shown(item.displayName),
        ]),
      ),
      cli.style.dim(`${found.total.count}${found.total.exact ? '' : '+'} found`),
    ])
    return EXIT.ok
  },
}

export const installInfo: Command = {
  name: 'install-info',
  summary: 'say where a package is to be had, and how to check it',
  operands: '<publisher.name[@version]>',
  minOperands: 1,
  maxOperands: 1,
  details:
    'The address needs no token and is good for some minutes. Paid extensions need the token of an account that bought them.',
  options: {
    target: { type: 'string', short: 't', value: '<platform>', help: 'such as linux-x64; default: for all' },
  },
  async run(cli, args) {
    const forge = await cli.forge()
    const { id, version } = extensionOf(args.positionals[0] ?? '')
    const info = await forge.marketplace.download({ id, version, targetPlatform: args.text('target') })
    cli.print(info, () =>
      table([
        ['extension', `${info.extension} ${info.version} (${info.targetPlatform})`],
        ['size', sizeText(info.sizeBytes)],
        ['sha256', info.sha256],
        ['signature', `${info.signature} (Ed25519, key ${info.signatureKid})`],
        ['url', info.url],
        ['until', info.expiresAt.toISOString()],
      ]),
    )
    return EXIT.ok
  },
}
