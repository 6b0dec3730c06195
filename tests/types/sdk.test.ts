import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contract, DetailsOf, DevForge, DevForgeErrorCode, Input, Output } from '@devforge/sdk'
import { isDevForgeError } from '@devforge/sdk'
import type { LicenseStatus } from '@devforge/sdk/offline'
import { expect, expectTypeOf, test } from 'vitest'

// What a consumer's compiler sees. The assertions are checked by `check:types`; that they can fail is tried below.

const root = join(import.meta.dirname, '../..')

/** Never runs: only its types are of interest. */
export async function asAConsumer(forge: DevForge): Promise<void> {
  const license = await forge.licenses.get({ id: 'lic_1' })
  expectTypeOf(license.expiresAt).toEqualTypeOf<Date | null>()
  expectTypeOf(license.status).toEqualTypeOf<
    'trial' | 'active' | 'past_due' | 'suspended' | 'revoked' | 'expired'
  >()
  expectTypeOf(forge.licenses.get).returns.resolves.toEqualTypeOf<Output<'licenses.get'>>()
  expectTypeOf((await forge.payments.plans()).items)
    .items.toHaveProperty('amountMinor')
    .toEqualTypeOf<number>()
  expectTypeOf((await forge.licenses.validate({ key: 'x' })).code)
    .extract<'VALID'>()
    .toEqualTypeOf<'VALID'>()
  expectTypeOf<Input<'licenses.startTrial'>>().toHaveProperty('fingerprint').toEqualTypeOf<string>()

  // The generic call is as strict as the methods.
  expectTypeOf(await forge.call('licenses.get', 'query', { id: 'lic_1' })).toEqualTypeOf<
    Output<'licenses.get'>
  >()
  // @ts-expect-error a query is no mutation
  await forge.call('licenses.get', 'mutation', { id: 'lic_1' })
  // @ts-expect-error there is no such procedure
  await forge.call('licenses.melt', 'query', {})
  // @ts-expect-error the input is needed
  await forge.call('licenses.get', 'query')
  // @ts-expect-error ids are strings
  await forge.licenses.get({ id: 1 })
  // @ts-expect-error nothing may be set that the contract does not name
  await forge.users.update({ role: 'admin' })
  // @ts-expect-error the APIs are there to be called, not replaced
  forge.licenses = forge.payments
}

/** Never runs either. */
export function whoCatches(error: unknown): void {
  if (isDevForgeError(error, 'LICENSE_DEVICE_LIMIT')) {
    expectTypeOf(error.code).toEqualTypeOf<'LICENSE_DEVICE_LIMIT'>()
    expectTypeOf(error.details?.limit).toEqualTypeOf<number | undefined>()
    expectTypeOf(error.details?.devices[0]?.lastSeenAt).toEqualTypeOf<Date | undefined>()
    // @ts-expect-error these are the details of another code
    error.details?.retryAfterSeconds
  }
  if (isDevForgeError(error, 'TIMEOUT'))
    expectTypeOf(error.details?.timeoutMs).toEqualTypeOf<number | undefined>()
  if (isDevForgeError(error, 'NETWORK')) expectTypeOf(error.details).toEqualTypeOf<null>()
  if (isDevForgeError(error)) {
    expectTypeOf(error.code).toEqualTypeOf<DevForgeErrorCode>()
    expectTypeOf(error.requestId).toEqualTypeOf<string | null>()
  }
  // @ts-expect-error no server answers that
  isDevForgeError(error, 'LICENSE_MELTED')
  expectTypeOf<DetailsOf<'AUTH_REQUIRED'>>().toEqualTypeOf<null>()
}

/** The status is for reading. */
export function whoReads(status: LicenseStatus): void {
  expectTypeOf(status.entitlements).toEqualTypeOf<readonly string[]>()
  // @ts-expect-error a state is judged, not set
  status.state = 'valid'
}

type AnyWithin<T> = 0 extends 1 & T
  ? true
  : T extends Date | string | number | boolean | null | undefined
    ? never
    : T extends readonly (infer Item)[]
      ? AnyWithin<Item>
      : T extends object
        ? { [K in keyof T]-?: AnyWithin<T[K]> }[keyof T]
        : never
expectTypeOf<AnyWithin<Contract>>().toEqualTypeOf<never>()

function compile(source: string): { ok: boolean; output: string } {
  // Inside the workspace, where `@devforge/sdk` is found.
  const folder = mkdtempSync(join(tmpdir(), 'devforge-types-'))
  try {
    writeFileSync(join(folder, 'program.mts'), source)
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        typeRoots: [join(root, 'node_modules/@types')],
        paths: { '@devforge/sdk': [join(root, 'sdk/src/index.ts')] },
      },
      files: ['program.mts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    return { ok: true, output: execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }) }
  } catch (error) {
    return { ok: false, output: String((error as { stdout?: unknown }).stdout) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a wrong program is refused, the right one is not', () => {
  const program = (id: string) => `
    import { createDevForge } from '@devforge/sdk'
    const forge = createDevForge({ url: 'https://forge.test' })
    const { expiresAt } = await forge.licenses.get({ id: ${id} })
    const date: Date | null = expiresAt
    console.log(date)
  `
  expect(compile(program("'lic_1'"))).toEqual({ ok: true, output: '' })
  const wrong = compile(program('1'))
  expect(wrong.ok).toBe(false)
  expect(wrong.output).toContain('TS2322')
})
