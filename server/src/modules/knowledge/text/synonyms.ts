import { otherNumber } from '../../marketplace/service/search/words.ts'

/**
 * Words that customers use for one another, of everyday English and of every piece of software. Kept small: what only our articles say
 * belongs into their tags.
 */
const GROUPS = [
  'license licence',
  'color colour',
  'buy bought purchase order',
  'pay paid payment charge charged billed',
  'bill invoice receipt',
  'card visa mastercard amex',
  'price cost fee',
  'refund reimburse money',
  'cancel stop end quit terminate',
  'delete remove erase wipe',
  'uninstall remove',
  'person colleague coworker employee teammate someone',
  'team department company organization organisation firm',
  'device computer machine laptop pc mac notebook',
  'key serial code',
  'mail email',
  'password passphrase pwd',
  'phone smartphone mobile',
  'login signin sign logon log',
  'locked lockout blocked',
  'extension plugin addon',
  'theme skin',
  'app application program editor',
  'crash crashes vanishes disappears dies closes',
  'slow lag lags laggy sluggish hangs freezes',
  'stuck hangs forever endless',
  'broken fails failed error',
  'offline disconnected unplugged',
  'internet network wifi online connection',
  'terminal shell console',
  'settings setup configuration preferences options',
  'trial test try evaluate demo',
  'update upgrade',
  'time date clock',
  'expire expires expired expiry expiration',
  'stolen leaked public posted exposed',
  'malicious malware virus stealing steals spyware harmful',
  'confirm confirmation verify verification',
  'verified checkmark badge',
  'company business corporate',
  'refuse refused reject rejected decline declined deny denied',
  'transfer move',
  'wait waiting pending held',
  'sale sell sold revenue',
  'download fetch',
]

const byWord = new Map<string, Set<string>>()
for (const group of GROUPS) {
  const words = group.split(' ')
  for (const word of words) {
    const others = byWord.get(word) ?? new Set<string>()
    for (const other of words) if (other !== word) others.add(other)
    byWord.set(word, others)
  }
}

/** `buying` → `buy`, `charged` → `charg` and `charge`, `computers` → `computer`: enough to look a word up. */
function* formsOf(word: string): Generator<string> {
  yield word
  const other = otherNumber(word)
  if (other !== undefined) yield other
  const root = /^([a-z]{3,})(?:ing|ed)$/.exec(word)?.[1]
  if (root === undefined) return
  yield root
  yield `${root}e`
  // `cancelled`, `stopping`
  if (/([b-df-hj-np-tv-z])\1$/.test(root)) yield root.slice(0, -1)
}

/** What else may be meant by a word, in English. */
export function synonymsOf(word: string): Iterable<string> {
  for (const form of formsOf(word)) {
    const found = byWord.get(form)
    if (found) return found
  }
  return []
}
