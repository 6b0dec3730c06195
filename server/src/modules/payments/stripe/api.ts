import Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'

/** Stripe's client. @throws PAYMENTS_NOT_CONFIGURED when the server has no key */
export function stripeOf(ctx: Ctx): Stripe {
  if (!ctx.deps.stripe) throw new AppError('PAYMENTS_NOT_CONFIGURED')
  return ctx.deps.stripe
}

const {
  StripeAPIError,
  StripeConnectionError,
  StripeIdempotencyError,
  StripeInvalidRequestError,
  StripePermissionError,
  StripeRateLimitError,
} = Stripe.errors

/** Whether Stripe could not be asked, as opposed to having said no. The SDK has retried by then. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof StripeConnectionError ||
  error instanceof StripeAPIError ||
  error instanceof StripeRateLimitError

/** Whether a key was used before with other parameters: the first call may have succeeded. */
export const isKeyReused = (error: unknown): boolean => error instanceof StripeIdempotencyError

/** Whether Stripe refused the request for good. */
export const isRefused = (error: unknown): error is Stripe.errors.StripeInvalidRequestError =>
  error instanceof StripeInvalidRequestError

/** Whether Stripe no longer lets us act for a connected account: its owner closed or disconnected it. */
export const isForbidden = (error: unknown): error is Stripe.errors.StripePermissionError =>
  error instanceof StripePermissionError

/** Whether there is no such object at Stripe. */
export const isMissing = (error: unknown): boolean => isRefused(error) && error.code === 'resource_missing'

/**
 * A call to Stripe on behalf of a caller. Never inside a transaction.
 * @throws STRIPE_UNAVAILABLE when Stripe does not answer, limits us or fails; what Stripe refuses is thrown on
 */
export async function askStripe<T>(ctx: Ctx, call: (stripe: Stripe) => Promise<T>): Promise<T> {
  const stripe = stripeOf(ctx)
  try {
    return await call(stripe)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    ctx.log.warn({ err: error }, 'stripe unavailable')
    throw new AppError('STRIPE_UNAVAILABLE', undefined, { cause: error })
  }
}

/** The id of something that Stripe gives as an id or expanded. */
export const idOf = (value: string | { id: string } | null | undefined): string | null =>
  typeof value === 'string' ? value : (value?.id ?? null)

/** Stripe's times are whole seconds since 1970. */
export const fromUnix = (seconds: number): Date => new Date(seconds * 1000)
export const fromUnixOrNull = (seconds: number | null | undefined): Date | null =>
  seconds == null ? null : fromUnix(seconds)
export const toUnix = (date: Date): number => Math.floor(date.getTime() / 1000)

/** Whether the key we use moves real money. */
export const isLiveKey = (secretKey: string | undefined): boolean => /^(sk|rk)_live_/.test(secretKey ?? '')
