import type { Random } from '../catalog/random.ts'
import type { DemoEntry } from './entries.ts'

export const REVIEWERS = [
  ...[
    'Anneke Vos',
    'Ben Okafor',
    'Carla Nunes',
    'Dai Nguyen',
    'Eliska Dvorak',
    'Farid Haddad',
    'Greta Lind',
    'Hiro Tanabe',
  ],
  ...[
    'Ines Costa',
    'Jonas Weber',
    'Kaia Berg',
    'Luca Ferri',
    'Mina Park',
    'Noor Rahman',
    'Oskar Nilsen',
    'Paula Ibarra',
  ],
  ...[
    'Quentin Roux',
    'Rosa Mendez',
    'Sami Laine',
    'Tessa Brandt',
    'Umar Sheikh',
    'Vera Kolar',
    'Wout Maes',
    'Xenia Popa',
  ],
  ...['Yara Saleh', 'Zoltan Kiss', 'Amara Diallo', 'Brendan Shaw', 'Chiara Russo', 'Demir Aksoy'],
]

const GOOD: Record<DemoEntry['kind'], [title: string, body: string][]> = {
  theme: [
    ['Easy on the eyes', 'I look at this for eight hours a day and it never gets in the way.'],
    ['My default now', 'Comments are readable and strings do not shout. Thank you.'],
    ['Lovely palette', 'Works well with semantic highlighting, too.'],
  ],
  snippets: [
    ['Saves me minutes a day', 'The prefixes are short and I stopped thinking about them after a week.'],
    ['Just the right ones', 'Not hundreds of them, only what I really type.'],
    ['Well chosen', 'Tab stops are where I want them.'],
  ],
  command: [
    ['Does one thing', 'And does it well. Works with several cursors.'],
    ['Small and quick', 'No settings, no telemetry, no fuss.'],
    ['Use it daily', 'I bound it to a key and forgot that it is an extension.'],
  ],
}
const POOR: [title: string, body: string][] = [
  ['Fine, but', 'It does what it says. I miss a way to configure it.'],
  ['Not for me', 'Conflicts with another extension that I use; the author answered quickly, though.'],
]

/** Stars near what the entry mostly gets; every other one comes with words. */
export function opinionOf(
  entry: DemoEntry,
  random: Random,
): { stars: number; title: string; body: string } | { stars: number; title: null } {
  const stars = Math.max(1, Math.min(5, Math.round(entry.stars + (random.next() - 0.5) * 1.8)))
  if (random.next() < 0.5) return { stars, title: null }
  const [title, body] = random.pick(stars >= 4 ? GOOD[entry.kind] : POOR)
  return { stars, title, body }
}
