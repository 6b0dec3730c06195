import { memoryLicenseStorage } from '@devforge/sdk/offline'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLOCK_TOLERANCE_MS, noticeTime, plausibleNow } from '../../sdk/src/offline/clock-guard.ts'
import { DAY, deviceOf, jws, KEY, MINUTE, signingKey } from './support/authority.ts'
import { createMachine } from './support/machine.ts'

const FREE = { plan: 'free', entitlements: ['local-models'] }

async function activated() {
  const machine = createMachine()
  await machine.manager.activate(KEY)
  return machine
}

describe('the clock set back', () => {
  test('is tampered, on the free plan, while the application runs and after a start', async () => {
    const machine = await activated()
    machine.authority.state.online = false
    machine.pass(20 * DAY)
    expect(machine.manager.check().state).toBe('valid')
    machine.local.nowMs -= 10 * DAY
    expect(machine.manager.check()).toMatchObject({ state: 'tampered', reason: 'clock', ...FREE })
    const { status } = await machine.restart()
    expect(status).toMatchObject({ state: 'tampered', reason: 'clock', ...FREE })
  })

  test('passes when the clock is right again', async () => {
    const machine = await activated()
    machine.authority.state.online = false
    machine.local.nowMs -= 40 * DAY
    expect(machine.manager.check().state).toBe('tampered')
    machine.local.nowMs += 40 * DAY
    expect(machine.manager.check().state).toBe('valid')
    expect((await machine.restart()).status.state).toBe('valid')
  })

  test('passes when the server is reached, although the clock is still wrong; setting it back further does not', async () => {
    const machine = await activated()
    machine.local.nowMs -= 40 * DAY
    expect(machine.manager.check().state).toBe('tampered')
    expect((await machine.manager.sync()).status.state).toBe('valid')
    machine.pass(DAY)
    expect(machine.manager.check().state).toBe('valid')
    machine.local.nowMs -= DAY
    expect(machine.manager.check().state).toBe('tampered')
    // Put right: it is the present, not forty days ahead of it.
    machine.local.nowMs = machine.server.nowMs
    expect(machine.manager.check().state).toBe('valid')
  })

  test('by five minutes or less is nothing', async () => {
    const machine = await activated()
    machine.local.nowMs -= 5 * MINUTE
    expect(machine.manager.check().state).toBe('valid')
    machine.local.nowMs -= 1
    expect(machine.manager.check().state).toBe('tampered')
  })

  test('cannot go below what the lease itself tells', async () => {
    const machine = await activated()
    machine.local.nowMs = Date.UTC(2001, 0, 1)
    expect((await machine.restart()).status).toMatchObject({ state: 'tampered', reason: 'clock' })
  })

  test('bit by bit, within the tolerance, gains five minutes in all', async () => {
    const machine = await activated()
    machine.authority.state.online = false
    machine.pass(10 * DAY)
    const start = machine.local.nowMs
    machine.manager.check()
    let gained = 0
    for (let i = 0; i < 100; i++) {
      machine.local.nowMs -= 4 * MINUTE
      if (machine.manager.check().state === 'tampered') break
      gained = start - machine.local.nowMs
    }
    expect(gained).toBeLessThanOrEqual(CLOCK_TOLERANCE_MS)
  })

  test('a clock set ahead by mistake is forgiven once the server is reached', async () => {
    const machine = await activated()
    machine.local.nowMs += 365 * DAY
    expect(machine.manager.check().state).toBe('expired')
    machine.local.nowMs -= 365 * DAY
    expect(machine.manager.check()).toMatchObject({ state: 'tampered', reason: 'clock' })
    machine.pass(1_000)
    expect((await machine.manager.sync()).status.state).toBe('valid')
    expect((await machine.restart()).status.state).toBe('valid')
  })

  test('a clock that is wrong by years from the start works while the server was reached', async () => {
    for (const off of [-10 * 365 * DAY, 10 * 365 * DAY]) {
      const machine = createMachine()
      machine.local.nowMs += off
      expect((await machine.manager.activate(KEY)).state).toBe('valid')
      machine.pass(10 * DAY)
      expect((await machine.manager.sync()).status.state).toBe('valid')
    }
  })

  test('a lease played back does not turn time back', async () => {
    const machine = await activated()
    const old = machine.authority.lease('machine-of-ada')
    machine.pass(20 * DAY)
    machine.manager.check()
    const held = await machine.storage.read()
    // The server's answers are replaced by an old one; the clock is set back to fit it.
    machine.authority.forge.licenses.lease = async () => ({ lease: old, expiresAt: new Date() })
    machine.authority.forge.licenses.revocations = () => Promise.reject(new TypeError('cut off'))
    machine.local.nowMs -= 20 * DAY
    await machine.manager.sync({ force: true }).catch(() => {})
    const again = await machine.restart()
    expect(again.status).toMatchObject({ state: 'tampered', reason: 'clock' })
    expect(held).not.toBeNull()
  })

  test('whatever the clock does, time never runs back by more than the tolerance', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e13 })),
        fc.option(fc.integer({ min: -1e12, max: 1e12 })),
        (clock, skewMs) => {
          let guard = { seenMs: 1e12, skewMs }
          for (const wall of clock) {
            const before = guard.seenMs
            const now = plausibleNow(guard, wall)
            if (now !== null) {
              expect(now).toBeGreaterThanOrEqual(before - CLOCK_TOLERANCE_MS)
              guard = noticeTime(guard, now)
            }
            expect(guard.seenMs).toBeGreaterThanOrEqual(before)
          }
        },
      ),
    )
  })
})

describe('storage in other hands', () => {
  const edit = async (
    machine: Awaited<ReturnType<typeof activated>>,
    change: (body: Record<string, unknown>) => void,
  ) => {
    const outer = JSON.parse((await machine.storage.read()) ?? '')
    const body = JSON.parse(outer.body)
    change(body)
    await machine.storage.write(JSON.stringify({ ...outer, body: JSON.stringify(body) }))
    return (await machine.restart()).status
  }

  test.each([
    ['the mark of time lowered', (body: Record<string, unknown>) => Object.assign(body, { seenMs: 0 })],
    ['the mark of time cut off', (body: Record<string, unknown>) => Reflect.deleteProperty(body, 'seenMs')],
    [
      'the revocation cleared',
      (body: Record<string, unknown>) => Object.assign(body, { denial: null, sequence: 1 }),
    ],
    [
      'the withdrawn keys cleared',
      (body: Record<string, unknown>) => Object.assign(body, { withdrawnKids: ['x'] }),
    ],
    [
      'a key of one’s own added',
      (body: Record<string, unknown>) => Object.assign(body, { keys: [signingKey('mine').jwk] }),
    ],
    [
      'another license key',
      (body: Record<string, unknown>) => Object.assign(body, { key: KEY.replace('0', '1') }),
    ],
  ])('%s is tampered', async (_, change) => {
    expect(await edit(await activated(), change)).toMatchObject({
      state: 'tampered',
      reason: 'storage',
      ...FREE,
    })
  })

  test('an edited lease is tampered', async () => {
    const machine = await activated()
    const status = await edit(machine, (body) => {
      const [head, , mac] = String(body.lease).split('.')
      const claims = { device: deviceOf('machine-of-ada'), plan: 'enterprise' }
      body.lease = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${mac}`
    })
    expect(status).toMatchObject({ state: 'tampered', ...FREE })
  })

  test('another machine’s file is tampered', async () => {
    const machine = await activated()
    const { status } = await machine.restart({ fingerprint: 'machine-of-bob' })
    expect(status).toMatchObject({ state: 'tampered', reason: 'storage', ...FREE })
  })

  test('a lease for another machine is refused even when the server sends it', async () => {
    const machine = await activated()
    machine.authority.state.claims = { device: deviceOf('machine-of-bob') }
    const { status, error } = await machine.manager.sync({ force: true })
    expect(status.state).toBe('valid')
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'device' } })
    await expect(
      createMachineWith(machine.authority.state.claims).manager.activate(KEY),
    ).rejects.toMatchObject({
      code: 'LEASE_INVALID',
    })
  })

  test('every truncation, and random bytes, are tampered or none, never a crash', async () => {
    const machine = await activated()
    const whole = (await machine.storage.read()) ?? ''
    for (let length = 0; length < whole.length; length += 7) {
      const { status } = await machine.restart({ storage: memoryLicenseStorage(whole.slice(0, length)) })
      expect(['none', 'tampered']).toContain(status.state)
      expect(status).toMatchObject(FREE)
    }
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        const { status } = await machine.restart({ storage: memoryLicenseStorage(text) })
        expect(['none', 'tampered']).toContain(status.state)
      }),
    )
  })

  test('a flipped bit anywhere in the file is never a license', async () => {
    const machine = await activated()
    const whole = Buffer.from((await machine.storage.read()) ?? '')
    for (let index = 0; index < whole.length; index += 11) {
      const copy = Buffer.from(whole)
      copy[index] = (copy[index] ?? 0) ^ 1
      const { status } = await machine.restart({ storage: memoryLicenseStorage(copy.toString('utf8')) })
      // A flip in the version, which is not looked at yet, is no change of the license.
      if (whole.toString().slice(0, index).endsWith('"version":')) continue
      expect(['none', 'tampered'], `byte ${index}`).toContain(status.state)
    }
  })

  test('storage that fails blocks nothing and throws nothing', async () => {
    const broken = {
      read: () => Promise.reject(new Error('EIO')),
      write: () => Promise.reject(new Error('ENOSPC')),
      clear: () => Promise.reject(new Error('EROFS')),
    }
    const machine = createMachine({ storage: broken })
    expect(await machine.manager.load()).toMatchObject({ state: 'none', ...FREE })
    expect((await machine.manager.sync()).status.state).toBe('none')
    expect(machine.errors.length).toBeGreaterThan(0)
    // Activating says that it cannot be kept; the license works until the application ends.
    await expect(machine.manager.activate(KEY)).rejects.toThrow('ENOSPC')
    expect(machine.manager.check().state).toBe('valid')
    machine.pass(8 * DAY)
    expect((await machine.manager.sync()).status.state).toBe('valid')
  })

  test('a machine that cannot be named is on the free plan, and asked again later', async () => {
    let named = false
    const machine = createMachine({
      fingerprint: async () => {
        if (!named) throw new Error('no id')
        return 'machine-of-ada'
      },
    })
    expect((await machine.manager.load()).state).toBe('none')
    named = true
    expect((await machine.manager.activate(KEY)).state).toBe('valid')
  })

  test('two processes on one file: a renewal or deactivation by one is seen by the other', async () => {
    const machine = await activated()
    const other = machine.manage()
    await other.load()
    machine.pass(8 * DAY)
    const renewed = (await other.sync()).status.expiresAt
    machine.authority.state.asked.length = 0
    expect((await machine.manager.sync()).status.expiresAt).toEqual(renewed)
    expect(machine.authority.state.asked).toEqual(['revocations'])
    await other.deactivate()
    expect((await machine.manager.sync()).status.state).toBe('none')
  })
})

function createMachineWith(claims: Record<string, unknown>) {
  const machine = createMachine()
  machine.authority.state.claims = claims
  return machine
}

describe('leases that are none', () => {
  const activate = async (prepare: (machine: ReturnType<typeof createMachine>) => void) => {
    const machine = createMachine()
    prepare(machine)
    const error: unknown = await machine.manager.activate(KEY).catch((caught: unknown) => caught)
    expect(machine.manager.check()).toMatchObject({ state: 'none', ...FREE })
    return error
  }
  const sign =
    (header: object, claims: object = {}) =>
    (machine: ReturnType<typeof createMachine>) => {
      machine.authority.state.header = { ...header }
      machine.authority.state.claims = { ...claims }
    }

  test.each([
    ['alg none', sign({ alg: 'none' }), 'algorithm'],
    ['alg HS256', sign({ alg: 'HS256' }), 'algorithm'],
    ['a critical extension', sign({ crit: ['exp'] }), 'algorithm'],
    ['an access token’s type', sign({ typ: 'at+jwt' }), 'type'],
    ['no type', sign({ typ: undefined }), 'type'],
    ['no kid', sign({ kid: undefined }), 'malformed'],
    ['a kid that is a path', sign({ kid: '../../etc/passwd' }), 'unknown_key'],
    ['another issuer', sign({}, { iss: 'https://evil.test' }), 'issuer'],
    ['no issuer', sign({}, { iss: undefined }), 'issuer'],
    ['another audience', sign({}, { aud: 'devforge-api' }), 'audience'],
    ['a list of audiences', sign({}, { aud: ['devforge-editor'] }), 'audience'],
    ['no end', sign({}, { exp: undefined }), 'claims'],
    ['an end that is no number', sign({}, { exp: '9999999999' }), 'claims'],
    ['an end beyond all time', sign({}, { exp: 1e300 }), 'claims'],
    ['no device', sign({}, { device: undefined }), 'claims'],
    ['entitlements that are no list', sign({}, { entitlements: 'all' }), 'claims'],
    ['another device', sign({}, { device: deviceOf('machine-of-bob') }), 'device'],
  ])('%s is refused', async (_, prepare, reason) => {
    expect(await activate(prepare)).toMatchObject({ code: 'LEASE_INVALID', details: { reason } })
  })

  test('a key in the header is not looked at', async () => {
    const mine = signingKey('mine')
    const error = await activate((machine) => {
      const claims = { iss: 'https://forge.test', aud: 'devforge-editor', device: deviceOf('machine-of-ada') }
      const forged = jws(mine, 'devforge-lease+jwt', claims, {
        jwk: mine.jwk,
        jku: 'https://evil.test/jwks.json',
      })
      machine.authority.forge.licenses.activate = async () => ({ lease: forged }) as never
    })
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'unknown_key' } })
  })

  test('a key for access tokens signs no leases', async () => {
    const error = await activate((machine) => {
      const access = signingKey('access-1', 'access')
      machine.authority.published.splice(0, 1, access)
    })
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'unknown_key' } })
  })

  test('a right kid with another’s signature is refused', async () => {
    const error = await activate((machine) => {
      const forger = { ...signingKey('lease-1') }
      machine.authority.forge.licenses.activate = async ({ fingerprint }: { fingerprint: string }) => {
        const [, body = ''] = machine.authority.lease(fingerprint).split('.')
        const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
        return { lease: jws(forger, 'devforge-lease+jwt', claims) } as never
      }
    })
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'signature' } })
  })

  test('a lease from the future waits for its time', async () => {
    const machine = createMachine()
    machine.authority.state.claims = { nbf: Math.floor(machine.server.nowMs / 1_000) + 3_600 }
    expect(await machine.manager.activate(KEY)).toMatchObject({ state: 'tampered', reason: 'clock' })
    machine.pass(3_600_000)
    expect(machine.manager.check().state).toBe('valid')
  })
})
