import { isCostlyMarkdown } from '@devforge/server/markdown/cost'
import { renderMarkdown } from '@devforge/server/markdown/render'
import { expect, it } from 'vitest'

const KIB = 1024

it.each([
  ['emphasis', '_a'],
  ['bold', '**a'],
  ['strikes', '~~a'],
  ['code', '`a'],
  ['brackets', '['],
  ['links', '[a]('],
  ['images', '!['],
  ['references', '[a]\n'],
  ['tags', '<a '],
  ['quotes within quotes', '>'],
  ['lists within lists', '- '],
  ['calm text', 'a readme without end\n'],
])('shows a text of entangled %s as it is, instead of parsing it for seconds', (_, unit) => {
  const text = unit.repeat(Math.ceil((300 * KIB) / unit.length))
  const start = performance.now()
  expect(isCostlyMarkdown(text)).toBe(true)
  expect(renderMarkdown(text)).toMatch(/^<pre>/)
  expect(performance.now() - start).toBeLessThan(1_000)
})

it('ends with a nested text that would end the stack', () => {
  for (const unit of ['>', '1. ', '12) ', '> 1. '])
    expect(isCostlyMarkdown(unit.repeat(200)), unit).toBe(true)
  const list = Array.from({ length: 150 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')
  expect(isCostlyMarkdown(list)).toBe(true)
})

it('escapes what it shows as it is', () => {
  expect(renderMarkdown(`${'>'.repeat(200)}<script>alert(1)</script>`)).not.toContain('<script')
})

it('parses what authors write', () => {
  const row =
    '| `name` | **bold** | [link](https://example.com) | _text_ | ![image](https://example.com/a.png) |\n'
  const table = `| a | b | c | d | e |\n|---|---|---|---|---|\n${row.repeat(300)}`
  const changelog = Array.from(
    { length: 400 },
    (_, index) => `## 1.${index}.0\n\n- Fixed [#${index}](https://example.com/${index})\n`,
  ).join('\n')
  const nested = '> - quote\n>   - list\n>     - in `list` **of** lists\n'
  for (const text of [table, changelog, nested, '', '***\n\n- - -\n'])
    expect(isCostlyMarkdown(text)).toBe(false)
})
