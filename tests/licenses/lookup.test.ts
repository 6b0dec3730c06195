import { setImmediate as turn } from 'node:timers/promises'
import { sha256 } from '@devforge/server/crypto/secrets'
import type { Deps } from '@devforge/server/deps'
import { lookupHash } from '@devforge/server/modules/licenses/keys'
import { lookUpLicense } from '@devforge/server/modules/licenses/lookup'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { fingerprint, type Licensed, licensed } from '../support/licenses.ts'

interface Statement {
  keys: string[]
  /** Answers with a row for each key but those in `unknown`. */
  answer(unknown?: string[]): Promise<void>
  fail(error: Error): Promise<void>
}

/** A database whose statements the test answers one by one. */
function controlled() {
  const statements: Statement[] = []
  let underWay = 0
  let mostUnderWay = 0
  const sql = (_text: TemplateStringsArray, keys: string[]): Promise<unknown> => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay)
    return new Promise((resolve, reject) => {
      const settle = async (act: () => void): Promise<void> => {
        underWay--
        act()
        await turn()
        await turn()
      }
      statements.push({
        keys,
        answer: (unknown = []) =>
          settle(() =>
            resolve(
              keys.flatMap((id, index) =>
                unknown.includes(id) ? [] : [{ id, position: index + 1, expiresAt: null, updatesUntil: 0 }],
              ),
            ),
          ),
        fail: (error) => settle(() => reject(error)),
      })
    })
  }
  const deps = { sql } as unknown as Deps
  return {
    statements,
    mostUnderWay: () => mostUnderWay,
    /** @returns the id of what was found: the fake names each license after its key */
    find: async (name: string) => (await lookUpLicense(deps, Buffer.from(name), null))?.id,
  }
}

const hex = (name: string): string => Buffer.from(name).toString('hex')
/** The nth statement, which must have been made. */
const nth = (statements: Statement[], index: number): Statement =>
  statements[index] ?? expect.fail(`there is no statement ${index}, only ${statements.length}`)

describe('lookups share statements', () => {
  test('those of one turn go together, each gets its own answer, duplicates and unknown ones, too', async () => {
    const { statements, find } = controlled()
    const answers = Promise.all(['a', 'b', 'a', 'nobody', 'c'].map(find))
    await turn()
    expect(statements.map(({ keys }) => keys)).toEqual([['a', 'b', 'a', 'nobody', 'c'].map(hex)])
    await nth(statements, 0).answer([hex('nobody')])
    expect(await answers).toEqual([hex('a'), hex('b'), hex('a'), undefined, hex('c')])
  })

  test('rows in any order find their askers', async () => {
    const sql = (_text: TemplateStringsArray, keys: string[]) =>
      Promise.resolve(keys.map((id, index) => ({ id, position: index + 1 })).reverse())
    const deps = { sql } as unknown as Deps
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ minLength: 1 }), { maxLength: 300 }), async (names) => {
        const found = await Promise.all(names.map((name) => lookUpLicense(deps, Buffer.from(name), null)))
        expect(found.map((row) => row?.id)).toEqual(names.map(hex))
      }),
      { numRuns: 30 },
    )
  })

  test('a lookup never joins a statement that is under way: it would miss what was committed since', async () => {
    const { statements, find } = controlled()
    const first = find('a')
    await turn()
    const second = find('a')
    await turn()
    expect(statements).toHaveLength(2)
    await nth(statements, 0).answer([hex('a')])
    await nth(statements, 1).answer()
    expect([await first, await second]).toEqual([undefined, hex('a')])
  })

  test('a statement that fails, fails its own lookups and no others', async () => {
    const { statements, find } = controlled()
    const failing = Promise.allSettled([find('a'), find('b')])
    await turn()
    const good = find('c')
    await turn()
    await nth(statements, 0).fail(new Error('the database went away'))
    await nth(statements, 1).answer()
    expect(await good).toBe(hex('c'))
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const after = find('d')
    await turn()
    await nth(statements, 2).answer()
    expect(await after).toBe(hex('d'))
  })

  test('a driver that throws at once fails the lookup, and the next one is made', async () => {
    let calls = 0
    const sql = (_text: TemplateStringsArray, keys: string[]) => {
      if (++calls === 1) throw new Error('closed')
      return Promise.resolve(keys.map((id, index) => ({ id, position: index + 1 })))
    }
    const deps = { sql } as unknown as Deps
    await expect(lookUpLicense(deps, Buffer.from('a'), null)).rejects.toThrow('closed')
    expect((await lookUpLicense(deps, Buffer.from('b'), null))?.id).toBe(hex('b'))
  })
})

describe('a busy database', () => {
  test('has few statements under way and bounded ones; whoever waits longest is next', async () => {
    const { statements, find, mostUnderWay } = controlled()
    const all = Array.from({ length: 1_000 }, (_, i) => `key-${i}`)
    const answers = Promise.all(all.map(find))
    for (let i = 0; i < 20; i++) await turn()
    // More come while these are under way.
    const late = find('late')
    for (let i = 0; i < statements.length; i++) {
      expect(nth(statements, i).keys.length).toBeLessThanOrEqual(128)
      await nth(statements, i).answer()
    }
    expect(await answers).toEqual(all.map(hex))
    expect(await late).toBe(hex('late'))
    expect(mostUnderWay()).toBe(4)
    expect(statements.flatMap(({ keys }) => keys)).toEqual([...all, 'late'].map(hex))
  })

  test('answers out of order free their place at once', async () => {
    const { statements, find } = controlled()
    const done: string[] = []
    const ask = (name: string) => find(name).then(() => done.push(name))
    for (let i = 0; i < 4; i++) {
      void ask(`slow-${i}`)
      await turn()
    }
    const next = ask('next')
    await turn()
    expect(statements).toHaveLength(4)
    await nth(statements, 2).answer()
    expect(statements).toHaveLength(5)
    await nth(statements, 4).answer()
    await next
    expect(done).toEqual(['slow-2', 'next'])
    for (const index of [0, 1, 3]) await nth(statements, index).answer()
    expect(done.toSorted()).toEqual(['next', 'slow-0', 'slow-1', 'slow-2', 'slow-3'])
  })
})

describe('against Postgres', () => {
  let t: TestApp
  let owned: Licensed[]
  beforeAll(async () => {
    t = await createTestApp()
    const first = await licensed(t)
    owned = [first, await licensed(t, first), await licensed(t, first)]
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const hashOf = (key: string): Buffer =>
    lookupHash(t.deps.secrets, key) ?? expect.fail(`${key} is no license key`)

  test('many lookups at once, of known and unknown keys and devices: each as if it had been alone', async () => {
    const machines = [fingerprint(), fingerprint()]
    const [one, two] = owned
    for (const machine of machines)
      await t.forge().licenses.activate({ key: one?.key ?? '', fingerprint: machine })
    await t.forge().licenses.activate({ key: two?.key ?? '', fingerprint: machines[0] ?? '' })
    const hashes = [...owned.map(({ key }) => hashOf(key)), sha256('a key nobody has')]
    const devices = [null, ...machines.map(sha256), sha256('a machine nobody has')]
    const asked = Array.from({ length: 500 }, (_, i) => ({
      hash: hashes[i % hashes.length] ?? Buffer.alloc(32),
      device: devices[Math.floor(i / hashes.length) % devices.length] ?? null,
    }))
    const together = await Promise.all(asked.map(({ hash, device }) => lookUpLicense(t.deps, hash, device)))
    for (const [i, { hash, device }] of asked.slice(0, 16).entries())
      expect(together[i]).toEqual(await lookUpLicense(t.deps, hash, device))
    expect(together[0]).toMatchObject({ id: one?.licenseId, devicesInUse: 2, deviceId: null })
    expect(together[3]).toBeNull()
    // The first license with the first machine; the second one knows another device by the same fingerprint.
    expect(together[4]?.deviceId).toMatch(/^dev_/)
    expect(together[5]?.deviceId).toMatch(/^dev_/)
    expect(together[5]?.deviceId).not.toBe(together[4]?.deviceId)
    expect(together[6]?.deviceId).toBeNull()
  })

  test('what was revoked is revoked for the very next check, however busy the server is', async () => {
    const { key, admin, licenseId } = await licensed(t)
    let busy = true
    const traffic = Array.from({ length: 20 }, async () => {
      while (busy) await t.forge().licenses.validate({ key })
    })
    await admin.forge.licenses.revoke({ licenseId, reason: 'fraud' })
    const codes = await Promise.all(
      Array.from({ length: 20 }, async () => (await t.forge().licenses.validate({ key })).code),
    )
    busy = false
    await Promise.all(traffic)
    expect(new Set(codes)).toEqual(new Set(['REVOKED']))
  })
})
