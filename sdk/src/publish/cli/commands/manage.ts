import type { Args, Command } from '../command.ts'
import { EXIT, UsageError } from '../io.ts'
import { extensionOf } from '../text.ts'

/** @throws UsageError */
function versionOf(args: Args) {
  const { id, version } = extensionOf(args.positionals[0] ?? '')
  if (version === undefined) throw new UsageError('Which version? Write publisher.name@version.')
  return { id, version, targetPlatform: args.text('target') }
}

/** @throws UsageError */
function needed(args: Args, name: string): string {
  const value = args.text(name)?.trim()
  if (!value) throw new UsageError(`--${name} is needed.`)
  return value
}

const target = { type: 'string', short: 't', value: '<platform>', help: 'of one platform only' } as const
const packages = (count: number): string => `${count} ${count === 1 ? 'package' : 'packages'}`

export const yank: Command = {
  name: 'yank',
  summary: 'hide a version; who asks for exactly it still gets it',
  operands: '<publisher.name@version>',
  minOperands: 1,
  maxOperands: 1,
  details: 'Needs a person: sign in with devforge login. API tokens publish, and do not take back.',
  options: { target, reason: { type: 'string', short: 'r', value: '<text>', help: 'why; needed' } },
  async run(cli, args) {
    const forge = await cli.forge()
    const input = { ...versionOf(args), reason: needed(args, 'reason') }
    const { changed } = await forge.marketplace.yank(input)
    cli.print({ ...input, changed }, () => `${input.id} ${input.version}: ${packages(changed)} yanked.`)
    return EXIT.ok
  },
}

export const unyank: Command = {
  name: 'unyank',
  summary: 'take a yank back',
  operands: '<publisher.name@version>',
  minOperands: 1,
  maxOperands: 1,
  options: { target },
  async run(cli, args) {
    const forge = await cli.forge()
    const input = versionOf(args)
    const { changed } = await forge.marketplace.unyank(input)
    cli.print({ ...input, changed }, () => `${input.id} ${input.version}: ${packages(changed)} shown again.`)
    return EXIT.ok
  },
}

export const deprecate: Command = {
  name: 'deprecate',
  summary: 'say that an extension is not to be started with any more',
  operands: '<publisher.name>',
  minOperands: 1,
  maxOperands: 1,
  details: 'It stays installable. Needs a person: sign in with devforge login.',
  options: {
    message: { type: 'string', short: 'm', value: '<text>', help: 'what to do instead, for people' },
    'replaced-by': { type: 'string', value: '<publisher.name>', help: 'what to use instead' },
    undo: { type: 'boolean', help: 'it is not deprecated after all' },
  },
  async run(cli, args) {
    const forge = await cli.forge()
    const { id, version } = extensionOf(args.positionals[0] ?? '')
    if (version !== undefined)
      throw new UsageError('Extensions are deprecated as a whole; single versions are yanked.')
    const { deprecated } = await forge.marketplace.deprecate({
      id,
      deprecated: !args.flag('undo'),
      message: args.text('message'),
      replacedBy: args.text('replaced-by'),
    })
    cli.print({ id, deprecated }, () => `${id} is ${deprecated ? 'deprecated' : 'not deprecated'}.`)
    return EXIT.ok
  },
}
