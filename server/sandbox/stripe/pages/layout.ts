import { html, raw } from 'hono/html'

export type Html = ReturnType<typeof html>

const CSS = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1a1f36;--soft:#5a6072;--line:#d9dce3;--accent:#4b45c6;--on:#fff;--bad:#b3093c;--badbg:#fdecef;--good:#0b6b3a}
@media (prefers-color-scheme:dark){:root{--bg:#12141c;--card:#1c1f2b;--ink:#eceef4;--soft:#a8aec0;--line:#3a3f52;--accent:#8f8bff;--on:#12141c;--bad:#ff9db2;--badbg:#3a1722;--good:#7fdcab}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:58rem;margin:0 auto;padding:1.5rem 1rem 4rem}main.narrow{max-width:30rem}
h1{font-size:1.5rem;line-height:1.25;margin:.4rem 0 1rem}h2{font-size:1.1rem;margin:1.5rem 0 .6rem}
.banner{background:var(--accent);color:var(--on);text-align:center;font-size:.85rem;font-weight:600;padding:.35rem 1rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.25rem;margin-bottom:1rem;box-shadow:0 1px 3px #0001}
.card>h2:first-child{margin-top:0}form:has(input[value=card]:checked) .bank,form:has(input[value=bank_debit]:checked) .cardonly{display:none}
.split{display:grid;gap:1rem;grid-template-columns:1fr}@media (min-width:48rem){.split{grid-template-columns:1fr 1fr;align-items:start}}
label,legend{display:block;font-weight:600;font-size:.9rem;margin:.8rem 0 .25rem}fieldset{border:0;padding:0;margin:0}
input,select{width:100%;min-height:2.75rem;padding:.5rem .7rem;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:8px}
input[type=radio]{width:auto;min-height:0;margin-right:.5rem}.choice{display:flex;align-items:center;font-weight:400;margin:.3rem 0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
button,.button{display:inline-block;min-height:2.75rem;padding:.55rem 1rem;font:inherit;font-weight:600;border-radius:8px;border:1px solid var(--line);background:var(--card);color:var(--ink);cursor:pointer;text-decoration:none}
button.primary{background:var(--accent);border-color:var(--accent);color:var(--on);width:100%;margin-top:1.2rem}button:hover,.button:hover{filter:brightness(1.06)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alert{background:var(--badbg);color:var(--bad);border-radius:8px;padding:.7rem .9rem;margin-bottom:1rem;font-weight:600}
.soft{color:var(--soft);font-size:.9rem}.total{font-weight:700}.amount{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
table{width:100%;border-collapse:collapse}td,th{padding:.45rem .3rem;border-top:1px solid var(--line);text-align:left;vertical-align:top}thead th{border-top:0;font-size:.85rem;color:var(--soft)}
.scroll{overflow-x:auto}code{font:.85rem ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}.row{display:flex;gap:.5rem;flex-wrap:wrap;align-items:center}
.row form{margin:0}details summary{cursor:pointer}a{color:var(--accent)}.state{font-weight:600}.state.good{color:var(--good)}.state.bad{color:var(--bad)}
`

/** The frame of every sandbox page: says what it is, works without scripts, follows the system's light or dark. */
export function page(
  title: string,
  body: Html | Html[],
  options: { narrow?: boolean; refresh?: boolean } = {},
): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Stripe sandbox</title>
<style>${raw(CSS)}</style>
</head>
<body>
<div class="banner" role="note">Sandbox: no real money. Only test cards are taken.</div>
<main class="${options.narrow ? 'narrow' : ''}">${body}</main>
</body>
</html>`
}

/** No scripts, no foreign content; forms may lead back to the shop. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

const ZERO_DECIMAL = new Set(['jpy', 'krw', 'vnd', 'clp', 'xaf', 'xof', 'ugx', 'rwf', 'pyg'])

/** `$499.00` */
export function money(amountMinor: number | null | undefined, currency: string | null | undefined): string {
  const unit = (currency ?? 'usd').toUpperCase()
  const value = (amountMinor ?? 0) / (ZERO_DECIMAL.has(unit.toLowerCase()) ? 1 : 100)
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: unit }).format(value)
}

export function day(at: number | null | undefined): string {
  if (!at) return '–'
  return new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone: 'UTC' }).format(at * 1000)
}

export function alert(message: string | undefined): Html {
  return message ? html`<div class="alert" role="alert">${message}</div>` : html``
}
