import { inspectPackage, openPackage } from '@devforge/server/modules/marketplace/vsix/index'
import { DEMO_ENTRIES } from '@devforge/server/sandbox/marketplace/entries'
import { nameOf, packageOf } from '@devforge/server/sandbox/marketplace/package-of'
import { seedMarketplace } from '@devforge/server/sandbox/marketplace/seed'
import { expect, test } from 'vitest'
import { sourceOf } from '../marketplace/vsix/reading.ts'
import { createTestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

test('the demo has 60 extensions, and nothing is wrong with any of them', async () => {
  expect(DEMO_ENTRIES).toHaveLength(60)
  expect(new Set(DEMO_ENTRIES.map((entry) => `${entry.publisher}.${nameOf(entry)}`)).size).toBe(60)
  for (const entry of DEMO_ENTRIES) {
    const bytes = packageOf(entry, '1.0.0')
    expect(packageOf(entry, '1.0.0').equals(bytes), 'the same each time').toBe(true)
    const vsix = await openPackage(sourceOf(bytes))
    const { findings } = await inspectPackage(vsix)
    expect([...vsix.findings, ...findings], entry.displayName).toEqual([])
    expect(vsix.files.icon, entry.displayName).toBeDefined()
    await vsix.close()
  }
}, 60_000)

test('commands of the demo do what they say', () => {
  const change = (displayName: string, text: string): unknown => {
    const entry = DEMO_ENTRIES.find((one) => one.displayName === displayName)
    if (entry?.kind !== 'command') throw new Error(`no command ${displayName}`)
    // The very expression that stands in the package.
    return new Function('text', 'require', `return ${entry.change}`)(text, process.getBuiltinModule)
  }
  for (const [displayName, text, changed] of [
    ['Sort Lines Quietly', 'b10\nb9\na', 'a\nb9\nb10'],
    ['Unique Lines', 'a\nb\na', 'a\nb'],
    ['JSON Compact', '{ "a": [1, 2] }', '{"a":[1,2]}'],
    ['Base64 Bench', 'hi', 'aGk='],
    ['Base64 Reader', 'aGk=', 'hi'],
    ['Case Changer: Snake', 'helloWorld', 'hello_world'],
    ['Case Changer: Camel', 'hello_world', 'helloWorld'],
    ['Slugify', 'Crème Brûlée!', 'creme-brulee'],
    ['Escape HTML', '<a>', '&lt;a&gt;'],
    ['CSV to Markdown Table', 'a,b', '| a | b |'],
    ['Sum the Column', '1\n2.5', '1\n2.5\n3.5'],
    ['Env to JSON', 'A=b=c', '{\n  "A": "b=c"\n}'],
    ['Align Equals', 'a = 1\nbcd = 2', 'a   = 1\nbcd = 2'],
    ['Hash It', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ])
    expect(change(displayName ?? '', text ?? ''), displayName).toBe(changed)
})

test('the store is filled once, through the pipeline', async () => {
  await using t = await createTestApp()
  const author = await signUp(t)
  const admin = await signUp(t, { role: 'admin' })
  const who = { authorEmail: author.email, adminEmail: admin.email }
  const entries = [DEMO_ENTRIES[0], DEMO_ENTRIES[20], DEMO_ENTRIES[40]].flatMap((entry) => entry ?? [])
  expect(await seedMarketplace(t.deps, { ...who, entries })).toBe(3)
  expect(await seedMarketplace(t.deps, { ...who, entries })).toBe(0)
  const forge = t.forge()
  const { items } = await forge.call('marketplace.search', 'query', {})
  expect(items.map(({ displayName }) => displayName).toSorted()).toEqual(
    entries.map(({ displayName }) => displayName).toSorted(),
  )
  for (const item of items) {
    expect(item.installs).toBe(entries.find(({ displayName }) => displayName === item.displayName)?.installs)
    expect(item.rating.count).toBeGreaterThan(3)
    const icon = await t.fetch(item.iconUrl ?? '')
    expect(icon.headers.get('content-type')).toBe('image/png')
    const page = await forge.call('marketplace.get', 'query', { id: item.id })
    expect(await (await t.fetch(page.readmeUrl ?? '')).text()).toContain(`# ${item.displayName}`)
  }
  await t.drain()
  expect((await t.mails(author.email)).filter(({ subject }) => /published|review/i.test(subject))).toEqual([])
}, 60_000)
