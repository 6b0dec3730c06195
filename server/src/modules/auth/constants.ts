import { DAY, HOUR, MINUTE } from '../../clock.ts'

export const SESSION_TTL_MS = 30 * DAY
/** A session that is used is moved on at most this often: one write a day, not one per call. */
export const SESSION_REFRESH_MS = DAY
export const MIN_PASSWORD_LENGTH = 8
export const MAX_PASSWORD_LENGTH = 200
export const VERIFY_TTL_MS = 24 * HOUR
export const RESET_TTL_MS = HOUR
export const DEVICE_TTL_MS = 15 * MINUTE
export const DEVICE_INTERVAL_SECONDS = 5
export const MAX_API_TOKENS = 100
