/** Letters of other scripts, and digits, that look like a Latin one (a choice from Unicode's confusables, UTS #39). */
const LOOK_ALIKES: Record<string, string> = {
  а: 'a',
  ä: 'a',
  α: 'a',
  ɑ: 'a',
  в: 'b',
  ь: 'b',
  β: 'b',
  с: 'c',
  ϲ: 'c',
  ԁ: 'd',
  е: 'e',
  ё: 'e',
  ε: 'e',
  ҽ: 'e',
  ɡ: 'g',
  ց: 'g',
  һ: 'h',
  н: 'h',
  і: 'l',
  ї: 'l',
  ι: 'l',
  ı: 'l',
  ӏ: 'l',
  ј: 'j',
  к: 'k',
  κ: 'k',
  м: 'm',
  п: 'n',
  η: 'n',
  ո: 'n',
  о: 'o',
  ο: 'o',
  σ: 'o',
  օ: 'o',
  р: 'p',
  ρ: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  τ: 't',
  υ: 'u',
  ս: 'u',
  ν: 'v',
  ѵ: 'v',
  ω: 'w',
  ԝ: 'w',
  х: 'x',
  χ: 'x',
  у: 'y',
  γ: 'y',
  ү: 'y',
  ᴢ: 'z',
  '0': 'o',
  '1': 'l',
  '5': 's',
  '3': 'e',
  i: 'l',
  '|': 'l',
  '!': 'l',
  $: 's',
  '@': 'a',
}

/**
 * What is left of a name once everything that reads alike is written alike: case, accents, other scripts, digits for letters,
 * hyphens, underscores, dots and spaces. Two names with the same skeleton are one name to a hasty reader.
 */
export function skeletonOf(name: string): string {
  // Full-width and stylized letters become plain ones; accents come apart and fall off.
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}]/gu, '')
  let skeleton = ''
  for (const char of plain) skeleton += LOOK_ALIKES[char] ?? (/[\p{L}\p{N}]/u.test(char) ? char : '')
  return skeleton.replaceAll('rn', 'm').replaceAll('vv', 'w')
}
