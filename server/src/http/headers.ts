/** The policy of an answer that is not a page: nothing may be loaded, run or framed. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'"

/** What every answer carries. As plain data, so that the hot path only copies it. Source: OWASP Secure Headers. */
export function securityHeaders(publicUrl: string): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': NOTHING,
    'cache-control': 'no-store',
    ...(publicUrl.startsWith('https:')
      ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
      : {}),
  }
}

export interface PagePolicy {
  /** More sources of scripts than none, e.g. `'self'` or a nonce. */
  script?: string
  /** More sources of styles than none. */
  style?: string
  /** What scripts of the page may call. */
  connect?: string
  font?: string
  image?: string
  worker?: string
  /** Where its forms may go; default `'self'`. */
  form?: string
  frame?: string
}

/** Headers of an HTML page that needs exactly this much. */
export function pageHeaders(policy: PagePolicy = {}): Record<string, string> {
  const sources: [string, string | undefined][] = [
    ['script-src', policy.script],
    ['style-src', policy.style],
    ['connect-src', policy.connect],
    ['font-src', policy.font],
    ['img-src', policy.image],
    ['worker-src', policy.worker],
    ['frame-src', policy.frame],
    ['form-action', policy.form ?? "'self'"],
  ]
  const directives = sources.flatMap(([name, value]) => (value ? [`${name} ${value}`] : []))
  return {
    'content-type': 'text/html; charset=utf-8',
    // With `no-referrer` a browser sends `Origin: null` along with the page's own forms.
    'referrer-policy': 'same-origin',
    'content-security-policy': [NOTHING, "base-uri 'none'", ...directives].join('; '),
  }
}
