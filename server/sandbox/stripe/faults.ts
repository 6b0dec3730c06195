import { StripeFault } from './errors.ts'

/** A disturbance to order for coming requests: for tests of crashes, timeouts and outages. */
export interface Disturbance {
  /** `POST /v1/checkout/sessions`; a trailing `*` matches the rest. */
  match: string
  /** The request waits before it is executed (its idempotency key is in use meanwhile). */
  delayMs?: number
  /** It is not executed at all and answers this. */
  status?: number
  /** For so many requests; default 1. */
  times?: number
}

export class Faults {
  private readonly ordered: Disturbance[] = []

  order(disturbance: Disturbance): void {
    this.ordered.push({ times: 1, ...disturbance })
  }

  clear(): void {
    this.ordered.length = 0
  }

  /** Waits or answers what was ordered for this request. */
  async strike(method: string, path: string): Promise<StripeFault | undefined> {
    const name = `${method.toUpperCase()} ${path}`
    const index = this.ordered.findIndex(({ match }) =>
      match.endsWith('*') ? name.startsWith(match.slice(0, -1)) : name === match,
    )
    const found = this.ordered[index]
    if (!found) return undefined
    found.times = (found.times ?? 1) - 1
    if (found.times <= 0) this.ordered.splice(index, 1)
    if (found.delayMs) await new Promise((resolve) => setTimeout(resolve, found.delayMs))
    if (found.status === undefined) return undefined
    return new StripeFault(found.status, {
      type: found.status === 429 ? 'invalid_request_error' : 'api_error',
      code: found.status === 429 ? 'rate_limit' : undefined,
      message: found.status === 429 ? 'Too many requests in a short time.' : 'An unknown error occurred.',
    })
  }
}
