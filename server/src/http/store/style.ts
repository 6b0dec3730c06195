import { createHash } from 'node:crypto'

/** The look of the store's pages; follows the system's light or dark mode. Needs no script and no outside font. */
export const STYLE = `
:root { color-scheme: light dark; --bg: light-dark(#f6f7f9, #121419); --card: light-dark(#fff, #1b1e25); --text: light-dark(#1b1e25, #e8eaf0); --soft: light-dark(#565d6b, #a6adba); --line: light-dark(#d9dce3, #343943); --accent: light-dark(#1f4fd1, #93b3ff); --onaccent: light-dark(#fff, #0f131c); --good: light-dark(#11693b, #7fd9a7); --star: light-dark(#a15c00, #f5c04e); --warn: light-dark(#fdf1dc, #3a2f18); --bad: light-dark(#fbe4e2, #431f1d); --code: light-dark(#eef0f4, #262b35) }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.6 system-ui, sans-serif; background: var(--bg); color: var(--text) }
a { color: var(--accent) } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .2rem }
.skip { position: absolute; left: -999rem } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 1 }
.bar { background: var(--card); border-bottom: 1px solid var(--line) }
.bar > div, main { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem }
.bar > div { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; padding-block: .75rem }
.brand { font-weight: 700; color: inherit; text-decoration: none }
form.find { display: flex; flex: 1 1 18rem; gap: .5rem; max-width: 36rem }
input, select { font: inherit; min-width: 0; padding: .45rem .7rem; border: 1px solid var(--soft); border-radius: .4rem; background: var(--bg); color: inherit } form.find input { flex: 1 }
button, .button { font: inherit; font-weight: 600; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: .4rem; background: var(--accent); color: var(--onaccent); cursor: pointer; text-decoration: none; display: inline-block }
.button.plain { background: none; color: var(--accent) }
main { padding-block: 1.75rem 4rem }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 } h2 { font-size: 1.25rem; margin: 0 0 .75rem }
h1, h2, h3, h4, h5, h6, p, li, dd, td { overflow-wrap: anywhere }
.soft { color: var(--soft) } .small { font-size: .9rem } .verified { color: var(--good); font-weight: 600 } .stars { color: var(--star); letter-spacing: .05em }
.badge { display: inline-block; font-size: .8rem; font-weight: 600; padding: .05rem .55rem; border: 1px solid currentColor; border-radius: 1rem; color: var(--soft); vertical-align: middle }
.head { display: flex; gap: 1.5rem; align-items: flex-start; flex-wrap: wrap } .head > div { flex: 1 1 20rem; min-width: 0 }
.icon { border-radius: 1rem; flex: none; object-fit: contain; background: var(--card); border: 1px solid var(--line) }
.letter { width: 4rem; height: 4rem; font-size: 1.8rem; display: grid; place-items: center; font-weight: 700; color: var(--soft); background: var(--code) }
.head .letter { width: 8rem; height: 8rem; font-size: 3.4rem }
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .5rem 0; padding: 0; list-style: none }
.banner { border: 1px solid var(--line); border-radius: .6rem; padding: .75rem 1rem; margin: 0 0 1.25rem; background: var(--warn) } .banner.bad { background: var(--bad) } .banner p { margin: .2rem 0 }
.get { margin: 1.5rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card) } .get p { margin: .3rem 0 }
code, pre, kbd { font: .9em/1.5 ui-monospace, monospace; background: var(--code); border-radius: .3rem } code, kbd { padding: .1em .35em } pre { padding: .9rem 1rem; overflow-x: auto } pre code { padding: 0; background: none; font-size: inherit }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 17rem; gap: 2rem; align-items: start } @media (max-width: 52rem) { .columns { grid-template-columns: minmax(0, 1fr) } }
.tabs { display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; border-bottom: 1px solid var(--line); padding-bottom: .6rem; margin: 0 0 1.25rem } .tabs a { text-decoration: none; font-weight: 600 }
section { margin: 0 0 2.5rem } section, .readme > * { scroll-margin-top: 1rem }
.readme img { max-width: 100%; height: auto } .readme table, table { border-collapse: collapse; display: block; overflow-x: auto } th, td { border: 1px solid var(--line); padding: .35rem .7rem; text-align: left } .readme h3 { font-size: 1.35rem } .readme h4 { font-size: 1.15rem } .readme blockquote { margin-inline: 0; padding-left: 1rem; border-left: 4px solid var(--line); color: var(--soft) }
aside section { padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); margin-bottom: 1rem } aside h2 { font-size: 1rem } aside dl { margin: 0 } aside dt { color: var(--soft); font-size: .85rem } aside dd { margin: 0 0 .6rem } aside ul { margin: 0; padding: 0; list-style: none }
.tags { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: 0; padding: 0 } .tags a { font-size: .85rem; padding: .1rem .6rem; border: 1px solid var(--line); border-radius: 1rem; text-decoration: none }
.review { border-top: 1px solid var(--line); padding: 1rem 0 } .review h3 { margin: 0; font-size: 1rem } .review p { margin: .3rem 0; white-space: pre-line } .reply { margin: .6rem 0 0 1rem; padding-left: 1rem; border-left: 4px solid var(--line) }
.results { list-style: none; margin: 1.25rem 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1rem }
.results li { display: flex; gap: 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); position: relative } .results li > div { min-width: 0; flex: 1 } .results h2 { font-size: 1.05rem; margin: 0 } .results h2 a { color: inherit; text-decoration: none } .results h2 a::after { content: ''; position: absolute; inset: 0 } .results li:hover, .results li:focus-within { border-color: var(--accent) } .results p { margin: .2rem 0 } .results .clip { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden }
.list { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: .75rem } .list li { padding: .9rem 1.1rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); position: relative } .list h2 { font-size: 1.05rem; margin: 0 } .list h2 a { text-decoration: none } .list h2 a::after { content: ''; position: absolute; inset: 0 } .list li:hover, .list li:focus-within { border-color: var(--accent) } .list p { margin: .2rem 0 }
.ask { margin: 2.5rem 0 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card) } .ask form { display: flex; flex-wrap: wrap; gap: .6rem; margin: .6rem 0 0 } .ask h2 { margin: 0; font-size: 1.1rem }
.crumbs { margin: 0 0 .6rem } .contents a { display: block; padding: .15rem 0 } .contents .sub { padding-left: 1rem }
.pages { display: flex; gap: 1rem; justify-content: space-between }
`

/** Names the style in the pages' policy, so that it allows this one and no other. */
export const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`
