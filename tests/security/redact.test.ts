import { readFileSync } from 'node:fs'
import { redact, redactDeep } from '@devforge/server/redact'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

/** What must be gone, in the text that it stands in. */
const gone: Record<string, [text: string, secret: RegExp][]> = {
  'license keys': [
    ['the key DF-01234-56789-ABCDE-FGHJK-MNPQR is mine', /01234|MNPQR/],
    ['df-01234-56789-abcde-fghjk-mnpqr', /01234|mnpqr/],
    ['DF 01234 56789 ABCDE FGHJK MNPQR', /01234|MNPQR/],
    ['DF0123456789ABCDEFGHJKMNPQR', /01234|MNPQR/],
  ],
  tokens: [
    ['dfp_abcdefghijklmnop1234', /abcdefgh/],
    ['sk_live_abcdefgh12345678 and whsec_abcdefgh12345678', /abcdefgh/],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', /abcdefgh/],
    ['github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz', /abcdefgh/],
    ['//registry.npmjs.org/:_authToken=npm_abcdefghijklmnopqrstuvwxyz0123456789', /abcdefgh/],
    ['xoxb-1234567890-abcdefghijkl', /1234567890/],
    ['sk-proj-abcdefghijklmnopqrst', /abcdefgh/],
    ['AKIAIOSFODNN7EXAMPLE', /IOSFODNN7/],
    ['session 4fJ8sKq2LmN0pQrStUvWxYz1234AbCdE ended', /4fJ8sKq2/],
    ['hvs.CAESIabcdefghijklmnop dop_v1_abcdefghijklmnop0123', /abcdefgh/],
    ['aws wJalrXUtnF4MI/K7MDENG/bPxRfiCYEXAMPLEKEY', /wJalr|bPxRfi/],
    // Broken by what nobody sees.
    ['ghp_abcdefgh\u200bijklmnopqrstuvwxyz0123456789', /abcdefgh|ijklmn/],
    ['machine 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', /9f86d081/],
  ],
  JWTs: [['eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl', /eyJ|c2lnbmF0dXJl/]],
  'headers and addresses': [
    ['Authorization: Bearer abcdefghijklmnop', /abcdefgh/],
    ['authorization=Basic dXNlcjpwYXNzd29yZA==', /dXNlcjpw/],
    ['Cookie: a=b; devforge_session=abcdef', /abcdef/],
    ['postgres://ada:hunter2@db.example/x', /hunter2|ada:/],
    ['https://host/cb?code=4abcDEF&state=xyz123', /4abcDEF|xyz123/],
    ['https://blob/x?sv=1&sig=abc%2Bdef', /abc%2B/],
    ['Authorization: token abcdef123456', /abcdef/],
    ['Proxy-Authorization: Digest username="ada", response="abc123"', /ada|abc123/],
    ['"authorization": "Negotiate YIIabc"', /YIIabc/],
    ['postgres://ada:p@ss@db.example/x', /ada|ss@/],
    ['curl -u ada:hunter2 https://host', /ada:|hunter2/],
  ],
  'secrets by their names': [
    ['password=hunter2', /hunter2/],
    ['{"dbPassword": "correct horse battery", "port": 1}', /correct|battery/],
    ["config['api_key'] = 'abc123'", /abc123/],
    ['AWS_SECRET_ACCESS_KEY=wJalr/XUtnFEMI/K7MDENG', /wJalr|MDENG/],
    ['run --token abc123 --verbose', /abc123/],
    ['GITHUB_TOKEN: abc123', /abc123/],
    ['_auth=YWRhOmh1bnRlcjI=', /YWRh/],
    ['passphrase "x" pwd=abc', /abc/],
    [String.raw`{"body":"{\"token\":\"abcdef1234\",\"x\":1}"}`, /abcdef/],
    [String.raw`{"password":"abc\"def ghi"}`, /abc|def|ghi/],
    ['AccountKey=abcdef/ghijkl+mno==;Endpoint=x', /abcdef|ghijkl/],
  ],
  'private keys': [
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----', /MIIE|abc/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNza', /b3Blb/],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----', /lQOY/],
  ],
  'mail addresses': [
    ['mail ada.lovelace+test@example.co.uk now', /ada|lovelace|example/],
    ["o'brien@example.com", /brien/],
    ['jürgen@müller.de', /jürgen|müller/],
    ['mailto:ada@xn--mller-kva.example', /ada/],
    ['https://host/?user=ada%40example.com', /ada|example/],
    ['<ada@example.com>,grace@example.org', /ada|grace/],
    ['ada＠example.com and grace\u200b@example.org', /ada|grace/],
  ],
  'home paths': [
    ['ENOENT /home/ada/secret.ts', /ada/],
    ['at f (/Users/ada/app/x.js:1:2)', /ada/],
    ['/var/home/ada/x and /export/home/grace', /ada|grace/],
    ['C:\\Users\\ada\\AppData', /ada\\/],
    ['c:\\users\\Ada Lovelace\\project\\x.ts', /Ada|Lovelace/],
    ['"C:\\\\Users\\\\Ada Lovelace\\\\x"', /Ada|Lovelace/],
    ['C:/Users/ada.l/x', /ada/],
    ["C:\\Users\\O'Brien (Work)\\x", /Brien|Work/],
    ['C:\\Users\\ADALOV~1\\Temp', /ADALOV/],
    ['C:\\Documents and Settings\\Ada\\x', /Ada/],
    ['file:///c%3A/Users/ada%20l/x', /ada/],
    ['file:///home/ada', /ada/],
    ['vscode-remote://ssh-remote+host/home/ada/x', /ada/],
    ['/mnt/c/Users/ada/x and /c/Users/grace', /ada|grace/],
    ['\\\\server\\Users\\ada\\x', /ada/],
    ['%2Fhome%2Fada%2Fx', /ada/],
    ['/run/media/ada/USB', /ada/],
    ['"cwd":"/home/ada","next":"/home/grace"', /ada|grace/],
    ['/home/ada:/home/grace/bin', /ada|grace/],
    ['/home/адаловлейс/x', /адаловлейс/],
  ],
}

describe('what is redacted', () => {
  for (const [what, cases] of Object.entries(gone)) {
    test.each(cases)(`${what}: %s`, (text, secret) => {
      expect(text).toMatch(secret)
      const redacted = redact(text)
      expect(redacted).not.toMatch(secret)
      expect(redact(redacted)).toBe(redacted)
    })
  }
})

test.each([
  'Dev Forge 1.4.2 (commit 0ee08df0cf4527e40edc9aa28f4b5bd38bbff2b2) on linux-x64 6.1.0-18-amd64',
  'typescript@5.9.3, @types/node@24.10.1-beta.alpha and esbuild@0.25.0',
  'TypeError: Cannot read properties of undefined (reading "uri") at /usr/lib/devforge/out/main.js:12:3',
  'Unexpected token < in JSON at position 0',
  'license lic_01k9x2v7n3m4p5q6r7s8t9v0w1 of usr_01k9x2v7n3m4p5q6r7s8t9v0w2',
  '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  'https://forge.example.com/docs/getting-started?tab=linux#install',
  'author: Ada Lovelace, Windows_NT 10.0.26100, de-DE, 16 GB',
  'workbench.action.terminal.toggleTerminal',
])('left alone: %s', (text) => {
  expect(redact(text)).toBe(text)
})

test('what is left says where it was', () => {
  expect(redact('at f (/home/ada/app/x.ts:1:2)')).toBe('at f (/home/[user]/app/x.ts:1:2)')
  expect(redact('C:\\Users\\Ada Lovelace\\x.ts')).toBe('C:\\Users\\[user]\\x.ts')
  expect(redact('write to ada@example.com, please')).toBe('write to [mail], please')
  expect(redact('password=hunter2&page=2')).toBe('password=[redacted]&page=2')
  expect(redact('{"token":"abc","page":2}')).toBe('{"token":[redacted],"page":2}')
})

test('data of any depth: texts, names of members, members with telling names', () => {
  expect(
    redactDeep({
      versions: { app: '1.2.3', count: 3, ok: true, none: null },
      env: [{ API_KEY: 'abc', HOME: '/home/ada' }],
      'ada@example.com': ['/Users/ada/x'],
      promptTokens: 512,
    }),
  ).toEqual({
    versions: { app: '1.2.3', count: 3, ok: true, none: null },
    env: [{ API_KEY: '[redacted]', HOME: '/home/[user]' }],
    '[mail]': ['/Users/[user]/x'],
    promptTokens: 512,
  })
  let deep: unknown = '/home/ada'
  for (let n = 0; n < 10_000; n++) deep = [deep]
  expect(JSON.stringify(redactDeep(deep))).not.toContain('ada')
})

test('whatever stands around a secret', () => {
  const around = fc.stringMatching(/^[ \n"'(<>,;{}|]{0,6}$/)
  const secret = fc.constantFrom(
    'DF-01234-56789-ABCDE-FGHJK-MNPQR',
    'adalovelace@example.com',
    'dfp_adalovelaceabcdefgh',
    '/home/adalovelace/x',
    'C:\\Users\\adalovelace\\x',
  )
  fc.assert(
    fc.property(around, secret, around, (before, text, after) => {
      expect(redact(before + text + after)).not.toMatch(/adalovelace|01234-5/)
    }),
    { numRuns: 500 },
  )
})

test.each([
  'a-'.repeat(50_000),
  'a@'.repeat(50_000),
  'a.'.repeat(50_000),
  'token'.repeat(20_000),
  '/home/'.repeat(20_000),
  '/home/a '.repeat(12_000),
  '-----BEGIN PRIVATE KEY-----'.repeat(4_000),
  'DF-00000-'.repeat(12_000),
  'eyJaaaaaaaa.'.repeat(10_000),
  'bearer '.repeat(15_000),
  'cookie:'.repeat(15_000),
  '://a'.repeat(25_000),
  `${'a'.repeat(100_000)}`,
  ' '.repeat(100_000),
])('100 kB made to be slow are not', (text) => {
  const started = performance.now()
  redact(text)
  expect(performance.now() - started).toBeLessThan(1_500)
})

test('server and SDK have the same file', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  expect(read('sdk/src/redact.ts')).toBe(read('server/src/redact.ts'))
})
