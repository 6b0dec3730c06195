import { createRandom, createZipf, type Random } from '../catalog/random.ts'
import { WORDS } from '../catalog/vocabulary.ts'

/** What people write when something does not work, the most common first. */
const TALK =
  `the i to it and a not is my in editor that of for on when this with but you can how file after open project does license
  update version error extension window please problem since thanks hello start works anymore work crash crashes slow still key invoice
  payment card refund account password login device activate activation expired renew upgrade downgrade subscription trial team seats
  receipt vat address change email company install uninstall reinstall plugin theme language server terminal debugger git settings sync
  remote container docker windows linux macos arm freezes freeze memory leak cpu high black white blank screen font blurry scaling
  monitor keyboard shortcut shortcuts copy paste search replace indexing proxy certificate firewall offline network timeout download`
    .trim()
    .split(/\s+/)

const SYLLABLES = [
  'ka',
  'lo',
  'mi',
  'ren',
  'tas',
  'vo',
  'nel',
  'dri',
  'sho',
  'pu',
  'gra',
  'fen',
  'bil',
  'zor',
  'qui',
  'ham',
]
/** Names, identifiers, slips: what hardly anybody else writes. */
const RARE = 20_000

const rare = (no: number): string => {
  let word = ''
  for (let rest = no + 16; rest > 0; rest = Math.floor(rest / 16)) word += SYLLABLES[rest % 16]
  return word
}

const plain = (word: string): boolean => /^[a-z]{1,30}$/.test(word)
/** Small letters only, so that a word is a lexeme of `simple` as it stands. */
export const VOCABULARY: readonly string[] = [
  ...new Set(
    [...TALK, ...WORDS.filter(plain), ...Array.from({ length: RARE }, (_, i) => rare(i))].filter(plain),
  ),
]

export const TAGS = [
  'vpn',
  'crash',
  'refund',
  'vip',
  'macos',
  'windows',
  'linux',
  'trial',
  'duplicate',
  'regression',
  'proxy',
  'invoice',
  'team',
  'beta',
  'slow',
  ...Array.from({ length: 85 }, (_, i) => `topic-${i + 1}`),
]

const PICKS = 2 ** 16
let picks: string[] | undefined

/** Words by Zipf's law, from a table: hundreds of millions are picked. */
function table(): string[] {
  if (picks) return picks
  const random = createRandom(99)
  const pick = createZipf(VOCABULARY.length, 1)
  picks = Array.from({ length: PICKS }, () => VOCABULARY[pick(random)] ?? '')
  return picks
}

export function bodyWords(random: Random, count: number): string[] {
  const words = table()
  const result: string[] = []
  for (let i = 0; i < count; i++) result.push(words[random.bits() & (PICKS - 1)] ?? '')
  return result
}
