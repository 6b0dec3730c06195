import { isDevForgeError } from '@devforge/sdk'
import { limitRules } from '@devforge/server/limits'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

test('the editor shows a code, the person approves it, and the editor is signed in', async () => {
  const { forge, id } = await signUp(t)
  const editor = t.forge()
  const start = await editor.auth.startDevice({ clientName: "Dev Forge on Ada's laptop" })
  expect(start.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  expect(start.verificationUrl).toBe(`${TEST_URL}/device?user_code=${start.userCode}`)
  expect(start.intervalSeconds).toBe(5)
  const { deviceCode, userCode } = start

  expect(await failure(editor.auth.pollDevice({ deviceCode }))).toBe('AUTH_DEVICE_PENDING')
  // People type as they like.
  const typed = userCode.toLowerCase().replace('-', ' ')
  expect(await forge.auth.deviceRequest({ userCode: typed })).toMatchObject({
    clientName: "Dev Forge on Ada's laptop",
  })
  expect(await forge.auth.approveDevice({ userCode: typed })).toEqual({
    ok: true,
    clientName: "Dev Forge on Ada's laptop",
  })
  t.clock.advance(5_000)
  const grant = await editor.auth.pollDevice({ deviceCode })
  expect(grant.user.id).toBe(id)
  expect((await editor.users.me()).id).toBe(id)
  expect(await failure(t.forge().auth.pollDevice({ deviceCode }))).toBe('AUTH_DEVICE_EXPIRED')
  expect(await failure(forge.auth.approveDevice({ userCode }))).toBe('AUTH_TOKEN_INVALID')
})

test('asking too often slows down, by five seconds each time', async () => {
  const { deviceCode } = await t.forge().auth.startDevice()
  const poll = async () => {
    const error = await t
      .forge()
      .auth.pollDevice({ deviceCode })
      .catch((reason: unknown) => reason)
    if (!isDevForgeError(error)) throw error
    return [error.code, error.details]
  }
  expect(await poll()).toEqual([
    'AUTH_DEVICE_PENDING',
    { rfc8628: 'authorization_pending', intervalSeconds: 5 },
  ])
  expect(await poll()).toEqual(['AUTH_DEVICE_SLOW_DOWN', { rfc8628: 'slow_down', intervalSeconds: 10 }])
  t.clock.advance(6_000)
  expect(await poll()).toEqual(['AUTH_DEVICE_SLOW_DOWN', { rfc8628: 'slow_down', intervalSeconds: 15 }])
  t.clock.advance(15_000)
  expect((await poll())[0]).toBe('AUTH_DEVICE_PENDING')
})

test('a refused code, an old one and an unknown one sign nobody in', async () => {
  const { forge } = await signUp(t)
  const refused = await t.forge().auth.startDevice()
  await forge.auth.approveDevice({ userCode: refused.userCode, decision: 'deny' })
  expect(await failure(t.forge().auth.pollDevice({ deviceCode: refused.deviceCode }))).toBe(
    'AUTH_DEVICE_DENIED',
  )

  const old = await t.forge().auth.startDevice()
  t.clock.advance(15 * 60_000 + 1_000)
  expect(await failure(forge.auth.approveDevice({ userCode: old.userCode }))).toBe('AUTH_TOKEN_INVALID')
  expect(await failure(t.forge().auth.pollDevice({ deviceCode: old.deviceCode }))).toBe('AUTH_DEVICE_EXPIRED')
  expect(await failure(t.forge().auth.pollDevice({ deviceCode: 'a-code-that-never-was' }))).toBe(
    'AUTH_DEVICE_EXPIRED',
  )
})

test('of many polls at the moment of approval, one is signed in', async () => {
  const { forge } = await signUp(t)
  const { deviceCode, userCode } = await t.forge().auth.startDevice()
  await forge.auth.approveDevice({ userCode })
  const polls = await Promise.allSettled(
    Array.from({ length: 8 }, () => t.forge().auth.pollDevice({ deviceCode })),
  )
  expect(polls.filter((poll) => poll.status === 'fulfilled')).toHaveLength(1)
})

test('user codes cannot be guessed on and on', async () => {
  const { forge } = await signUp(t)
  const codes = []
  for (let i = 0; i < limitRules['device-code:account'].points + 2; i++) {
    codes.push(await failure(forge.auth.approveDevice({ userCode: 'BCDF-GHJK' })))
  }
  expect(codes.at(0)).toBe('AUTH_TOKEN_INVALID')
  expect(codes.at(-1)).toBe('AUTH_RATE_LIMITED')
})

test('a person banned meanwhile is not signed in on the device', async () => {
  const admin = await signUp(t, { role: 'admin' })
  const { forge, id } = await signUp(t)
  const { deviceCode, userCode } = await t.forge().auth.startDevice()
  await forge.auth.approveDevice({ userCode })
  await admin.forge.admin.ban({ userId: id, reason: 'spam' })
  expect(await failure(t.forge().auth.pollDevice({ deviceCode }))).toBe('AUTH_BANNED')
})
