import { setTimeout as sleep } from 'node:timers/promises'
import { DevForgeError, isDevForgeError } from '../../../errors.ts'
import type { Cli, Command } from '../command.ts'
import { EXIT, UsageError } from '../io.ts'
import { shown } from '../text.ts'

/** Asks until the person has confirmed. @throws AUTH_DEVICE_DENIED, AUTH_DEVICE_EXPIRED, ABORTED */
async function waitForApproval(cli: Cli, deviceCode: string, intervalSeconds: number): Promise<void> {
  const forge = await cli.forge()
  const { signal } = cli.io
  for (let waitSeconds = intervalSeconds; ; ) {
    await sleep(waitSeconds * 1_000, undefined, { signal }).catch((cause) => {
      throw new DevForgeError('ABORTED', 'Interrupted.', { cause })
    })
    try {
      await forge.auth.pollDevice({ deviceCode }, { signal })
      return
    } catch (error) {
      if (isDevForgeError(error, 'AUTH_DEVICE_SLOW_DOWN'))
        waitSeconds = error.details?.intervalSeconds ?? waitSeconds * 2
      // A network that is away for a moment must not make the person begin again.
      else if (!isDevForgeError(error, 'AUTH_DEVICE_PENDING') && !isDevForgeError(error, 'NETWORK'))
        throw error
    }
  }
}

export const login: Command = {
  name: 'login',
  summary: 'sign in through the browser',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  details:
    'Open the address it shows in any browser, on any machine, and confirm the code. The session is kept in a file that only you\ncan read. CI jobs set DEVFORGE_TOKEN to an API token instead.',
  options: {},
  async run(cli) {
    if (cli.hasToken)
      throw new UsageError('DEVFORGE_TOKEN (or OVSX_PAT) is set and would be used instead. Unset it first.')
    const forge = await cli.forge()
    const device = await forge.auth.startDevice()
    cli.io.err(`Open ${device.verificationUrl}\nand confirm the code ${cli.style.bold(device.userCode)}\n`)
    await waitForApproval(cli, device.deviceCode, device.intervalSeconds)
    const me = await forge.users.me()
    await cli.rememberUrl(await cli.url())
    cli.print(
      { id: me.id, email: me.email, name: me.name },
      () => `Signed in as ${shown(me.name)} <${me.email}>.`,
    )
    return EXIT.ok
  },
}

export const logout: Command = {
  name: 'logout',
  summary: 'end the session, here and at the server',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  options: {},
  async run(cli) {
    const forge = await cli.forge()
    const session = cli.hasToken ? null : await forge.session.current()
    if (session) await forge.auth.signOut()
    cli.print({ signedOut: session !== null }, () => (session ? 'Signed out.' : 'Nobody was signed in.'))
    return EXIT.ok
  },
}

export const whoami: Command = {
  name: 'whoami',
  summary: 'say who is signed in, and for which publishers',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  options: {},
  async run(cli) {
    const forge = await cli.forge()
    if (cli.hasToken) {
      // Refused unless the token is good and may publish.
      await forge.marketplace.submissions({ limit: 1 })
      cli.print({ url: forge.url, token: true }, () => `An API token that may publish, at ${forge.url}.`)
      return EXIT.ok
    }
    const me = await forge.users.me()
    const { items } = await forge.marketplace.publishers()
    const publishers = items.map(({ name, role }) => ({ name, role }))
    cli.print({ url: forge.url, id: me.id, email: me.email, name: me.name, publishers }, () => [
      `${shown(me.name)} <${me.email}> at ${forge.url}`,
      ...publishers.map(({ name, role }) => `  ${name} (${role})`),
    ])
    return EXIT.ok
  },
}
