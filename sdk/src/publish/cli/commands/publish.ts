import { access } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { DevForgeError, isDevForgeError } from '../../../errors.ts'
import { findingLine } from '../../finding.ts'
import { packExtension } from '../../pack.ts'
import { openPackage, type Submission, watchSubmission } from '../../publish.ts'
import { validatePackage } from '../../validate.ts'
import type { Args, Cli, Command } from '../command.ts'
import { EXIT, UsageError } from '../io.ts'
import { createProgress, sizeText } from '../progress.ts'
import { shown } from '../text.ts'
import { submissionLines } from './submission-lines.ts'

const WAIT_SECONDS = 600

interface Plan {
  preRelease: boolean
  skipDuplicate: boolean
  wait: boolean
  waitMs: number
}

/** What became of one package. */
interface Outcome {
  file: string
  code: number
  submission?: Submission
  skipped?: true
}

export const publish: Command = {
  name: 'publish',
  summary: 'send packages to be published',
  operands: '[file.vsix …]',
  minOperands: 0,
  maxOperands: 50,
  details:
    'Without a file, the extension in --dir (or here) is packed with vsce first. Several files, one for each platform, are sent one\nafter the other; the first refusal ends it. Findings are printed as file:line: severity: message [rule].',
  options: {
    dir: { type: 'string', short: 'd', value: '<folder>', help: 'pack the extension in this folder' },
    target: {
      type: 'string',
      short: 't',
      value: '<platform>',
      help: 'platform to pack it for, such as linux-x64',
    },
    'pre-release': { type: 'boolean', help: 'publish as a pre-release' },
    'skip-duplicate': { type: 'boolean', help: 'a version that is there already is no failure' },
    wait: { type: 'boolean', short: 'w', help: 'wait until it is published or refused' },
    timeout: { type: 'string', value: '<seconds>', help: `how long to wait; default ${WAIT_SECONDS}` },
  },
  async run(cli, args) {
    const plan: Plan = {
      preRelease: args.flag('pre-release'),
      skipDuplicate: args.flag('skip-duplicate'),
      wait: args.flag('wait'),
      waitMs: secondsOf(args) * 1_000,
    }
    const { files, dispose } = await filesOf(cli, args, plan)
    const outcomes: Outcome[] = []
    try {
      for (const file of files) {
        const outcome = await publishOne(cli, file, plan)
        outcomes.push(outcome)
        if (outcome.code !== EXIT.ok) break
      }
    } finally {
      await dispose()
    }
    if (cli.json) cli.print({ items: outcomes.map(({ code: _, ...outcome }) => outcome) }, () => [])
    return outcomes.at(-1)?.code ?? EXIT.ok
  },
}

function secondsOf(args: Args): number {
  const text = args.text('timeout') ?? String(WAIT_SECONDS)
  const seconds = Number(text)
  if (!(seconds > 0)) throw new UsageError(`--timeout takes seconds, not "${text}".`)
  return seconds
}

async function filesOf(cli: Cli, args: Args, { preRelease }: Plan) {
  const dir = args.text('dir')
  const target = args.text('target')
  if (args.positionals.length > 0) {
    if (dir !== undefined || target !== undefined)
      throw new UsageError('Give either files, or --dir and --target to pack.')
    return { files: args.positionals.map((file) => resolve(cli.io.cwd, file)), dispose: async () => {} }
  }
  const folder = resolve(cli.io.cwd, dir ?? '.')
  const isExtension = await access(resolve(folder, 'package.json')).then(
    () => true,
    () => false,
  )
  if (!isExtension)
    throw new UsageError(`There is no package.json in ${folder}. Give a .vsix file, or --dir.`)
  cli.note(`Packing ${folder}`)
  const packed = await packExtension({ dir: folder, target, preRelease })
  return { files: [packed.file], dispose: packed.dispose }
}

async function publishOne(cli: Cli, file: string, plan: Plan): Promise<Outcome> {
  const vsix = await openPackage(file)
  const { identity, findings } = await validatePackage(vsix)
  if (findings.some(({ severity }) => severity === 'error')) {
    throw new DevForgeError('VSIX_INVALID', `${basename(file)} cannot be published.`, {
      details: { findings },
    })
  }
  for (const finding of findings) cli.note(cli.style.yellow(shown(findingLine(finding))))
  const what = identity ? `${identity.publisher}.${identity.name} ${identity.version}` : basename(file)
  cli.note(`Sending ${shown(what)} (${sizeText(vsix.size)}) to ${await cli.url()}`)
  const forge = await cli.forge()
  const progress = createProgress(cli.io, cli.json)
  let submission: Submission
  try {
    const { onProgress } = progress
    submission = await forge.marketplace.submit(vsix, {
      preRelease: plan.preRelease,
      onProgress,
      signal: cli.io.signal,
    })
  } catch (error) {
    progress.clear()
    if (!plan.skipDuplicate || !isDevForgeError(error, 'VERSION_EXISTS')) throw error
    if (!cli.json) cli.print(null, () => `${shown(what)} is there already. Skipped.`)
    return { file, code: EXIT.ok, skipped: true }
  }
  progress.clear()
  if (plan.wait) submission = await settled(cli, submission, plan.waitMs)
  if (!cli.json) cli.print(submission, () => submissionLines(submission, cli.style))
  return { file, submission, code: codeOf(submission, plan.wait) }
}

/** Waits for the decision, as long as was said; then it is as it is. */
async function settled(cli: Cli, submission: Submission, waitMs: number): Promise<Submission> {
  const forge = await cli.forge()
  const { signal: interrupt } = cli.io
  const late = AbortSignal.timeout(waitMs)
  const signal = interrupt ? AbortSignal.any([interrupt, late]) : late
  try {
    return await watchSubmission(forge, submission.id, {
      signal,
      onState: ({ status }) => cli.note(cli.style.dim(`… ${status}`)),
    })
  } catch (error) {
    if (!late.aborted || interrupt?.aborted) throw error
    return forge.marketplace.submission({ id: submission.id })
  }
}

function codeOf({ status }: Submission, waited: boolean): number {
  if (status === 'published') return EXIT.ok
  if (status === 'rejected') return EXIT.rejected
  if (!waited) return EXIT.ok
  return status === 'needs_review' ? EXIT.held : EXIT.timeout
}
