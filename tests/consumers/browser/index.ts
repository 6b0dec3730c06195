// A web page's program: no Node types, a bundler's module resolution.
import { createDevForge, isDevForgeError, type Output } from '@devforge/sdk'
import {
  browserFingerprint,
  browserLicenseStorage,
  LicenseManager,
  type LicenseStatus,
} from '@devforge/sdk/offline'

const forge = createDevForge({ url: location.origin, fetch: window.fetch.bind(window) })
const manager = new LicenseManager({
  forge,
  storage: browserLicenseStorage(),
  fingerprint: browserFingerprint,
})

export async function buy(plan: string): Promise<Output<'payments.createCheckout'>['url'] | null> {
  try {
    const { url } = await forge.payments.createCheckout({
      item: { plan },
      successUrl: location.href,
      cancelUrl: location.href,
    })
    return url
  } catch (error) {
    if (isDevForgeError(error, 'ALREADY_OWNED')) return error.details?.licenseId ?? null
    throw error
  }
}

export const status = (): Promise<LicenseStatus> => manager.load()
