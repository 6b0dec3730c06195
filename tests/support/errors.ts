import { type DevForgeErrorCode, isDevForgeError } from '@devforge/sdk'
import { expect } from 'vitest'

/** What a call failed with: the code of a DevForgeError. Anything else, or no failure, fails the test. */
export async function failure(promise: Promise<unknown>): Promise<DevForgeErrorCode> {
  const error = await promise.then(
    (value) => expect.fail(`answered ${JSON.stringify(value)} instead of failing`),
    (reason: unknown) => reason,
  )
  if (!isDevForgeError(error)) throw error
  return error.code
}
