import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'

describe('one’s own licenses', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('the list is empty at first, then pages newest first', async () => {
    const owner = await signUp(t)
    expect(await owner.forge.licenses.list()).toEqual({ items: [], nextCursor: null })
    const { admin } = await licensed(t, { owner })
    for (let n = 0; n < 4; n++) await licensed(t, { owner, admin })
    const first = await owner.forge.licenses.list({ limit: 3 })
    const second = await owner.forge.licenses.list({ limit: 3, cursor: first.nextCursor ?? '' })
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 2, null])
    const ids = [...first.items, ...second.items].map((license) => license.id)
    expect(ids).toEqual([...ids].sort().reverse())
  })

  test('devices are named; what happened is told, with support as one and you as you', async () => {
    const { owner, key, licenseId, admin } = await licensed(t)
    const { device } = await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
    await owner.forge.licenses.renameDevice({ deviceId: device.id, name: 'Studio' })
    expect((await owner.forge.licenses.devices({ licenseId })).items).toMatchObject([
      { id: device.id, name: 'Studio' },
    ])
    await admin.forge.licenses.suspend({ licenseId, reason: 'a chargeback' })
    const { items } = await owner.forge.licenses.events({ licenseId })
    expect(items.map((event) => [event.type, event.actor])).toEqual([
      ['license.suspended', 'admin'],
      ['device.renamed', 'you'],
      ['device.activated', 'anonymous'],
      ['license.issued', 'admin'],
    ])
    expect(JSON.stringify(items)).not.toContain(admin.id)
  })

  test('a reissued key replaces the old one at once, is mailed once, and can put all devices out', async () => {
    const { owner, key, licenseId } = await licensed(t)
    const machine = fingerprint()
    await t.forge().licenses.activate({ key, fingerprint: machine })
    const { key: next, license } = await owner.forge.licenses.reissueKey({ licenseId, freeDevices: true })
    expect(next).not.toBe(key)
    expect(license.devicesInUse).toBe(0)
    expect((await t.forge().licenses.validate({ key })).code).toBe('NOT_FOUND')
    expect((await t.forge().licenses.validate({ key: next, fingerprint: machine })).code).toBe('NO_DEVICE')
    expect(await t.drain()).toEqual([])
    const mails = (await t.mails(owner.email)).filter((mail) => mail.text.includes(next))
    expect(mails).toHaveLength(1)
  })

  test('a transfer moves the license with a new key and no devices, to an account that may not exist yet', async () => {
    const { owner, key, licenseId } = await licensed(t)
    await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
    const stranger = await signUp(t)
    const known = await owner.forge.licenses.transfer({ licenseId, toEmail: stranger.email.toUpperCase() })
    expect(known).toMatchObject({ licenseId })
    expect(await failure(owner.forge.licenses.get({ id: licenseId }))).toBe('NOT_FOUND')
    expect(await stranger.forge.licenses.get({ id: licenseId })).toMatchObject({
      status: 'active',
      devicesInUse: 0,
    })
    expect((await t.forge().licenses.validate({ key })).code).toBe('NOT_FOUND')
    const unknown = await stranger.forge.licenses.transfer({ licenseId, toEmail: 'nobody-yet@example.com' })
    expect(Object.keys(unknown)).toEqual(Object.keys(known))
    expect(await t.drain()).toEqual([])
    const [mail] = await t.mails('nobody-yet@example.com')
    const newKey = /DF(-[0-9A-Z]{5}){5}/.exec(mail?.text ?? '')?.[0] ?? ''
    expect((await t.forge().licenses.validate({ key: newKey })).code).toBe('VALID')
  })

  test('trials and revoked licenses are not transferred', async () => {
    const person = await signUp(t)
    const { license } = await person.forge.licenses.startTrial({ fingerprint: fingerprint() })
    expect(
      await failure(person.forge.licenses.transfer({ licenseId: license.id, toEmail: 'x@example.com' })),
    ).toBe('LICENSE_NOT_TRANSFERABLE')
    const { owner, admin, licenseId } = await licensed(t)
    await admin.forge.licenses.revoke({ licenseId, reason: 'refund' })
    expect(await failure(owner.forge.licenses.transfer({ licenseId, toEmail: 'x@example.com' }))).toBe(
      'LICENSE_NOT_TRANSFERABLE',
    )
    expect(await failure(owner.forge.licenses.reissueKey({ licenseId }))).toBe('LICENSE_REVOKED_IS_FINAL')
  })
})

describe('licenses.startTrial', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
  })
  afterAll(() => t[Symbol.asyncDispose]())
  const DAY = 86_400_000

  test('14 days of Pro on this device, then free again', async () => {
    const person = await signUp(t)
    const machine = fingerprint()
    const { license, key, lease } = await person.forge.licenses.startTrial({ fingerprint: machine })
    expect(license).toMatchObject({ status: 'trial', plan: 'pro', devicesInUse: 1 })
    expect(lease.split('.')).toHaveLength(3)
    expect(await t.forge().licenses.validate({ key, fingerprint: machine })).toMatchObject({
      valid: true,
      code: 'VALID',
    })
    t.clock.advance(14 * DAY)
    expect(await t.forge().licenses.validate({ key, fingerprint: machine })).toMatchObject({
      valid: false,
      code: 'TRIAL_EXPIRED',
      remedy: 'buy',
    })
    await t.deps.jobs.enqueue(t.deps.db, 'licenses.expire', {})
    expect(await t.drain()).toEqual([])
    expect((await t.forge().licenses.validate({ key })).code).toBe('TRIAL_EXPIRED')
    t.clock.advance(-14 * DAY)
  })

  test('once per person and once per machine, also when all ask at once', async () => {
    const machine = fingerprint()
    const people = await Promise.all(Array.from({ length: 8 }, () => signUp(t)))
    const sameMachine = await Promise.allSettled(
      people.map((person) => person.forge.licenses.startTrial({ fingerprint: machine })),
    )
    expect(sameMachine.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    const one = await signUp(t)
    const samePerson = await Promise.allSettled(
      Array.from({ length: 8 }, () => one.forge.licenses.startTrial({ fingerprint: fingerprint() })),
    )
    expect(samePerson.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    expect((await one.forge.licenses.list()).items).toHaveLength(1)
    expect(await failure(one.forge.licenses.startTrial({ fingerprint: fingerprint() }))).toBe(
      'TRIAL_ALREADY_USED',
    )
  })
})
