import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { pageHeaders } from './headers.ts'

/** One look for the few pages that the server makes itself; follows the system's light or dark mode. */
const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #343943); --soft: light-dark(#5b6270, #a2a9b6); --accent: light-dark(#2453d6, #8fb0ff); --card: light-dark(#fff, #1b1e25); }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#f6f7f9, #121419); color: light-dark(#1b1e25, #e8eaf0) }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.4rem; margin: 0 0 1rem; overflow-wrap: anywhere }
a { color: var(--accent) }
p { overflow-wrap: anywhere }
.soft { color: var(--soft); font-size: .9rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem }
ul.list { list-style: none; margin: 0; padding: .3rem 1rem } ul.list > li + li { border-top: 1px solid var(--line) }
ul.list a { display: block; padding: .7rem .2rem; text-decoration: none; color: inherit } ul.list a:hover, ul.list a:focus-visible { color: var(--accent) }
ul.list strong { display: block; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 1rem } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
iframe { width: 100%; height: 28rem; border: 1px solid var(--line); border-radius: .6rem; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
code { font-size: .95em }
form.stack { display: grid; gap: 1rem; max-width: 24rem } label { display: grid; gap: .3rem; font-weight: 600 }
input { font: inherit; padding: .6rem .7rem; border: 1px solid var(--soft); border-radius: .4rem; background: light-dark(#fff, #121419); color: inherit; width: 100% }
button { font: inherit; font-weight: 600; padding: .6rem 1rem; border: 1px solid var(--accent); border-radius: .4rem; background: var(--accent); color: light-dark(#fff, #10131a); cursor: pointer }
button.plain { background: none; color: var(--accent) } .row { display: flex; gap: .7rem; flex-wrap: wrap }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.alert { border-left: 4px solid light-dark(#b3261e, #ff8a80); padding: .3rem .8rem; margin: 0 0 1rem } .code { font: 600 1.3rem/1.4 ui-monospace, monospace; letter-spacing: .08em }
`

export interface Page {
  title: string
  body: HtmlEscapedString | Promise<HtmlEscapedString>
  status?: number
  /** More of what the page's policy allows, e.g. `{ frame: "'self'" }`. */
  policy?: Parameters<typeof pageHeaders>[0]
}

/** A whole page. Its policy allows no script and only its own styles. */
export async function answerPage({ title, body, status = 200, policy }: Page): Promise<Response> {
  const document = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Dev Forge</title>
<style>${raw(STYLE)}</style>
</head>
<body><main>${body}</main></body>
</html>`
  return new Response(String(document), {
    status,
    headers: pageHeaders({ style: "'unsafe-inline'", ...policy }),
  })
}
