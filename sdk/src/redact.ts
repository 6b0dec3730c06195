// This file stands twice, letter for letter: in the server and in the SDK, which cannot import each other. A test compares them.

/** Instead of a secret. */
const SECRET = '[redacted]'

/** Names whose values are secrets, whatever they look like. */
const SECRET_NAME =
  'pass(?:wor[dt]|wd|phrase)|pwd|secret|token|credential|authorization|(?:api|access|account|private|license|licence|signing)[_-]?key|_auth\\b|session[_-]?id'
const NAMED_SECRET = new RegExp(SECRET_NAME, 'i')

type Rule = readonly [pattern: RegExp, replacement: string]

/**
 * Applied in this order. Quantifiers are bounded, or begin where a run of characters begins, so that no text takes longer than its
 * length allows.
 */
const RULES: readonly Rule[] = [
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,10000}?(?:-----END [A-Z ]{0,40}-----|$)/g,
    SECRET,
  ],
  // Credentials in an address: scheme://name:password@host, up to the last @ of it.
  [/(:\/\/)[^\s/"'<>]{1,256}@/g, `$1${SECRET}@`],
  [/((?:set-)?cookie["']?\s{0,4}[:=])(?!\s{0,4}\[redacted\])[^\r\n]{1,8192}/gi, `$1 ${SECRET}`],
  [/\b(bearer|basic)(\s{1,4})[\w.~+/=-]{8,}/gi, `$1$2${SECRET}`],
  // Whatever scheme such a header has; what is quoted ends with its quote.
  [
    /(authorization\\{0,4}["']?\s{0,4}[:=]\s{0,4}\\{0,4}["']?)(?!(?:bearer|basic)\s|\[redacted\])[a-z]{1,20}\s[^\r\n]{1,4096}/gi,
    `$1${SECRET}`,
  ],
  [/(\s(?:-u|--user)[ =]{1,4})[^\s:"']{0,128}:[^\s"']{1,256}/g, `$1${SECRET}`],
  // License keys, as people type them, too.
  [/\bDF[\s\-–—]{0,2}(?:[0-9A-Z]{5}[\s\-–—]{0,2}){4}[0-9A-Z]{5}\b/gi, SECRET],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, SECRET],
  // Tokens that say what they are: ours, Stripe's, and those that lie about on developers' machines.
  [/\bdfp_[\w-]{8,}/g, SECRET],
  [/\b(?:(?:sk|rk|pk)_(?:live|test)|whsec)_[\w+/=-]{8,}/g, SECRET],
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|hf_|gsk_|dckr_pat_|figd_|lin_api_|shp(?:at|ca|pa|ss)_)[\w-]{16,}/g,
    SECRET,
  ],
  [
    /\b(?:xox[a-z]-|xapp-|sk-|AIza|ya29\.|SG\.|dapi|hv[bs]\.|dop_v1_|sq0[a-z]{3}-|AGE-SECRET-KEY-)[\w.-]{16,}/g,
    SECRET,
  ],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, SECRET],
  // name=value, "name": "value", --name value
  [
    new RegExp(
      `((?<![\\w-])[\\w.-]{0,40}(?:${SECRET_NAME})[\\w-]{0,40}\\\\{0,4}["'\\]]{0,2}\\s{0,4}[:=]\\s{0,4})(?!\\\\{0,4}["']?(?:\\[redacted\\]|(?:bearer|basic)\\s))(?:\\\\{1,4}"[^"\\r\\n]{1,4096}"|"(?:[^"\\\\\\r\\n]|\\\\.){1,4096}"|'[^'\\r\\n]{1,4096}'|[^\\s"'&,;]{1,4096})`,
      'gi',
    ),
    `$1${SECRET}`,
  ],
  [
    new RegExp(`(--[\\w-]{0,40}(?:${SECRET_NAME})[\\w-]{0,40}\\s{1,4})(?![-[])\\S{1,4096}`, 'gi'),
    `$1${SECRET}`,
  ],
  [/([?&](?:code|state|sig|signature|key|auth)=)(?!\[redacted\])[^&\s"'#]{1,4096}/gi, `$1${SECRET}`],
  // Mail addresses; `@` is `%40` in addresses of the web. `name@1.2.3` is a package.
  [
    /(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]{1,64}(?:[@＠﹫]|%40)(?!\d{1,9}\.\d{1,9}\.\d)(?:[\p{L}\p{N}-]{1,63}\.){1,8}(?:\p{L}{2,63}|xn--[a-z0-9-]{1,59})/giu,
    '[mail]',
  ],
  // Whose home a path lies in: /home/ada, /Users/ada, C:\Users\Ada Lovelace\, file:///c%3A/Users/ada. Names of up to four words.
  [
    /((?:[\\/]|%2F|%5C){1,4}(?:home|homes|users|documents(?: |%20)and(?: |%20)settings|run[\\/]media)(?:[\\/]|%2F|%5C){1,4})(?:[^\\/\s"<>|:*?[\]]{1,64}(?: [^\\/\s"<>|:*?[\]]{1,64}){0,3}(?=[\\/])|[^\\/\s"'<>|:*?[\](){},;]{1,64})/gi,
    '$1[user]',
  ],
]

/** Characters without a width of their own. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu

/** Long runs without a word in them: session tokens, keys of services that we do not know. Commits (40 hexadecimal digits) stay. */
const RUN = /(?<![\w-])[\w-]{32,}/g

/** Keys of AWS: 40 characters, which may be slashes, too. */
const BASE64_KEY = /(?<![\w+/=-])[A-Za-z0-9+/]{40}(?![\w+/=-])/g

function isRandom(run: string): boolean {
  if (/^[0-9a-f]+$/i.test(run)) return run.length !== 40
  // Our ids, and UUIDs: they name things, and open nothing.
  if (/^[a-z]{3}_[0-9a-z]{26}$/.test(run) || /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(run))
    return false
  const digits = run.replace(/\D/g, '').length
  return digits >= 2 && /[a-z]/.test(run) && /[A-Z]/.test(run)
}

/**
 * A text without what must not leave a machine, or be kept of it: tokens, license keys, JWTs, passwords by their name, mail addresses,
 * and the names of people in their home paths. It would rather take too much. What was redacted once stays as it is.
 */
export function redact(text: string): string {
  // What is not seen is no part of a word, and could stand in the middle of a secret.
  let redacted = text.replace(UNSEEN, '')
  for (const [pattern, replacement] of RULES) redacted = redacted.replace(pattern, replacement)
  return redacted
    .replace(RUN, (run) => (isRandom(run) ? SECRET : run))
    .replace(BASE64_KEY, (run) => (isRandom(run.replace(/\W/g, '')) ? SECRET : run))
}

/** Deeper than any diagnostics. */
const MAX_DEPTH = 20

/**
 * The same for every text in JSON-like data, names of members included. Texts under a name such as `password` go as a whole.
 * @public
 */
export function redactDeep(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return SECRET
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      redact(name),
      typeof member === 'string' && NAMED_SECRET.test(name) ? SECRET : redactDeep(member, depth + 1),
    ]),
  )
}
