import type { Finding } from '@devforge/db'
import { editDistance, toleranceOf } from '@devforge/server/modules/marketplace/lookalikes/distance'
import { skeletonOf } from '@devforge/server/modules/marketplace/lookalikes/skeleton'
import {
  compareWithPrevious,
  type VersionFacts,
} from '@devforge/server/modules/marketplace/service/submissions/difference'
import { decide, type Situation } from '@devforge/server/modules/marketplace/service/submissions/policy'
import { describe, expect, test } from 'vitest'

// The rules of the pipeline one by one; tests/marketplace/update-review.test.ts shows them at work.

const finding = (severity: Finding['severity'], more: Partial<Finding> = {}): Finding => ({
  rule: 'some-rule',
  severity,
  message: 'something was found',
  ...more,
})

describe('what becomes of a package', () => {
  const clean: Situation = { findings: [], isFirstExtension: false, isUpdate: true, trustUpdates: true }
  const status = (given: Partial<Situation>) => decide({ ...clean, ...given }).status

  test('a clean update of a publisher that is known is published by itself', () => {
    expect(decide(clean)).toEqual({ status: 'approved', reason: null })
    expect(status({ isUpdate: false })).toBe('approved')
  })
  test('one error rejects, whatever else there is', () => {
    expect(status({ findings: [finding('error')] })).toBe('rejected')
    expect(status({ findings: [finding('hold'), finding('error')], isFirstExtension: true })).toBe('rejected')
  })
  test('one thing to look at holds it; remarks do not', () => {
    expect(status({ findings: [finding('hold')] })).toBe('needs_review')
    expect(status({ findings: [finding('warning')] })).toBe('approved')
  })
  test('the first extension of a publisher waits, and every update where updates are not trusted', () => {
    expect(status({ isFirstExtension: true, isUpdate: false })).toBe('needs_review')
    expect(status({ trustUpdates: false })).toBe('needs_review')
    expect(status({ trustUpdates: false, isUpdate: false })).toBe('approved')
  })
  test('the reason names what weighs most, where it is, and how much more there is', () => {
    const findings = [finding('hold'), finding('error', { file: 'a.js', line: 7 }), finding('error')]
    expect(decide({ ...clean, findings }).reason).toBe('something was found (a.js:7). And 1 more.')
    const long = decide({ ...clean, findings: [finding('error', { message: 'x'.repeat(900) })] })
    expect(long.reason).toHaveLength(500)
  })
})

describe('what of an update waits for a person', () => {
  const base: VersionFacts = {
    version: '1.0.0',
    executesCode: true,
    engine: '^1.80.0',
    dependencies: ['acme.base'],
    packMembers: ['acme.theme'],
    nativeBinaries: ['linux-x64/tool.node'],
    manifest: { activationEvents: ['onLanguage:rust'], displayName: 'Tool', main: './a.js' },
  }
  const compare = (next: Partial<VersionFacts>, previous: Partial<VersionFacts> = {}, isNewMember = false) =>
    compareWithPrevious({ ...base, ...previous }, { ...base, version: '1.1.0', ...next }, { isNewMember })
  const held = (...args: Parameters<typeof compare>) => compare(...args).findings.map(({ rule }) => rule)
  const told = (...args: Parameters<typeof compare>) =>
    compare(...args).difference.changes.map(({ rule }) => rule)
  const starting = (...activationEvents: string[]) => ({ manifest: { ...base.manifest, activationEvents } })

  test('nothing that stays as it was, or goes', () => {
    expect(compare({})).toEqual({ difference: { previousVersion: '1.0.0', changes: [] }, findings: [] })
    expect(held({ dependencies: [], packMembers: [], nativeBinaries: [], executesCode: false })).toEqual([])
  })
  test('the first code, not the second', () => {
    expect(held({}, { executesCode: false })).toEqual(['update-first-code'])
    expect(held({ executesCode: false }, { executesCode: false })).toEqual([])
  })
  test('one more dependency or member of a pack, in whatever order they stand', () => {
    expect(held({ dependencies: ['evil.one', 'acme.base'] })).toEqual(['update-new-dependency'])
    expect(held({ packMembers: ['acme.theme', 'evil.one'] })).toEqual(['update-new-pack-member'])
    expect(held({ dependencies: ['evil.one'] })).toEqual(['update-new-dependency'])
  })
  test('starting with every editor, said for the first time', () => {
    expect(held(starting('*'))).toEqual(['update-star-activation'])
    expect(held(starting('*'), starting('*'))).toEqual([])
    expect(held(starting('onStartupFinished'))).toEqual([])
    expect(told(starting('onStartupFinished'))).toEqual(['activation-events'])
    expect(held({ manifest: { ...base.manifest, activationEvents: 'not a list' } })).toEqual([])
  })
  test('a native program of another name; the same one for another platform is none', () => {
    expect(held({ nativeBinaries: ['linux-x64/tool.node', 'miner'] })).toEqual(['update-native-binary'])
    expect(held({ nativeBinaries: ['darwin-arm64/tool.node'] })).toEqual([])
  })
  test('who joined since', () => {
    expect(held({}, {}, true)).toEqual(['update-new-member'])
  })
  test('other changes are only told, and the order of members is none', () => {
    const next = { engine: '^1.90.0', manifest: { ...base.manifest, main: './b.js', license: 'MIT' } }
    expect(compare(next)).toMatchObject({
      findings: [],
      difference: {
        changes: [
          { rule: 'engine', before: '^1.80.0', after: '^1.90.0' },
          { rule: 'main', before: './a.js', after: './b.js' },
          { rule: 'license', before: null, after: 'MIT' },
        ],
      },
    })
    const repository = (value: object) => ({ manifest: { ...base.manifest, repository: value } })
    expect(told(repository({ type: 'git', url: 'u' }), repository({ url: 'u', type: 'git' }))).toEqual([])
  })
})

describe('names that read alike', () => {
  test.each([
    ['Prettier', 'prett-ier'],
    ['python', 'pythоn'],
    ['gitlens', 'GitLéns'],
    ['modern', 'modem'],
    ['wave', 'vvave'],
    ['color_theme', 'c0l0r.theme'],
    ['ｐｒｅｔｔｙ', 'pretty'],
    ['lint', '1int'],
    ['pre\u200btty', 'pretty'],
  ])('%s and %s are one name', (one, other) => {
    expect(skeletonOf(one)).toBe(skeletonOf(other))
  })
  test('others are not, and signs alone are nobody', () => {
    expect(skeletonOf('rust')).not.toBe(skeletonOf('ruby'))
    expect(skeletonOf('--..')).toBe('')
  })
  test.each([
    ['same', 'same', 0],
    ['prettier', 'pretteir', 1],
    ['prettier', 'prettie', 1],
    ['prettier', 'prettierr', 1],
    ['prettier', 'brettier', 1],
    ['prettier', 'brettiel', 2],
    ['prettier', 'eslint', 3],
    ['', 'ab', 2],
  ])('%s is %s in %i steps', (a, b, steps) => {
    expect(editDistance(a, b, 2)).toBe(steps)
    expect(editDistance(b, a, 2)).toBe(steps)
  })
  test('short names have to be the same, longer ones may differ in a letter, long ones in two', () => {
    expect([1, 4, 5, 8, 9, 30].map(toleranceOf)).toEqual([0, 0, 1, 1, 2, 2])
  })
})
