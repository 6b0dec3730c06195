import { watchSubmission } from '../../publish.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../io.ts'
import { table } from '../text.ts'
import { submissionLines } from './submission-lines.ts'

export const status: Command = {
  name: 'status',
  summary: 'say what became of a package, or of the last ones',
  operands: '[submission-id]',
  minOperands: 0,
  maxOperands: 1,
  options: {
    watch: { type: 'boolean', short: 'w', help: 'follow it until it is published or refused' },
    extension: {
      type: 'string',
      short: 'e',
      value: '<publisher.name>',
      help: 'without an id: of this extension only',
    },
  },
  async run(cli, args) {
    const forge = await cli.forge()
    const [id] = args.positionals
    if (id === undefined) {
      const { items } = await forge.marketplace.submissions({ extension: args.text('extension') })
      cli.print({ items }, () =>
        items.length === 0
          ? 'Nothing was submitted yet.'
          : table(
              items.map((item) => [
                item.id,
                `${item.extension} ${item.version}`,
                item.targetPlatform,
                item.status,
                item.createdAt.toISOString().slice(0, 16).replace('T', ' '),
              ]),
            ),
      )
      return EXIT.ok
    }
    const submission = args.flag('watch')
      ? await watchSubmission(forge, id, {
          throughReview: true,
          signal: cli.io.signal,
          onState: (state) => cli.note(cli.style.dim(`${state.at.toISOString()} ${state.status}`)),
        })
      : await forge.marketplace.submission({ id })
    cli.print(submission, () => submissionLines(submission, cli.style))
    return submission.status === 'rejected' ? EXIT.rejected : EXIT.ok
  },
}
