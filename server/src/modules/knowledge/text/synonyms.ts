import { otherNumber } from '../../marketplace/service/search/words.ts'

/**
 * Words that customers use for one another, of everyday English and of every piece of software, by what they are about. What only our
 * articles say belongs into their tags.
 */
const GROUPS = [
  // Money
  'buy bought purchase purchased order ordered',
  'pay paid payed payment charge charged billed debit debited',
  'bill invoice receipt',
  'card visa mastercard amex creditcard',
  'bank sepa paypal payment method',
  'price cost fee',
  'refund reimburse reimbursement money return chargeback',
  'discount coupon voucher promo rebate cheaper',
  'student teacher university school education',
  'cancel stop end quit terminate unsubscribe',
  'subscription sub membership plan',
  'renew renewal extend prolong',
  'sale sell sold revenue earn earnings income payout',
  'tax vat accountant accounting',
  // People and accounts
  'account profile login',
  'login signin sign logon log signed logged',
  'password passphrase passcode pwd pw',
  'forgot forgotten forget remember lost lose',
  'locked lockout blocked',
  'mail email inbox',
  'confirm confirmation verify verification',
  'verified checkmark badge proof prove',
  'phone smartphone mobile',
  'authenticator 2fa mfa otp totp factor',
  'sso saml oidc okta entra',
  'hacked compromised stranger unknown intruder',
  'person colleague coworker employee teammate someone friend',
  'team department company organization organisation firm startup colleagues',
  'bulk volume seats many several',
  'company business corporate office',
  'transfer move give hand reassign',
  'delete remove erase wipe close',
  'gdpr privacy personal data',
  'export download copy takeout',
  'token credential credentials pat',
  'unauthorized unauthorised forbidden denied 401 403',
  'contact human agent somebody support',
  // Licenses
  'license licence',
  'key serial code',
  'device computer machine laptop pc mac notebook desktop tablet',
  'limit maximum many',
  'activate activation unlock register',
  'trial test try evaluate evaluation demo',
  'expire expires expired expiry expiration over',
  'time date clock timezone',
  'stolen leaked public posted exposed',
  // The editor and its parts
  'app application program editor software tool ide',
  'extension plugin addon ext',
  'uninstall remove',
  'install installation installer setup',
  'update upgrade release version newest latest',
  'download fetch',
  'theme skin dark light bright color colour',
  'font letters size zoom tiny small',
  'language translation locale',
  'shortcut shortcuts hotkey hotkeys keybinding keybindings keymap remap rebind',
  'settings setup configuration config preferences prefs options',
  'backup backup restore sync migrate',
  'terminal shell console bash zsh powershell cmd prompt',
  'crash crashes crashed vanishes disappears dies closes freezes',
  'slow lag lags laggy sluggish hangs freezes unusable',
  'memory ram cpu processor performance',
  'stuck hangs forever endless',
  'broken fails failed failing error unsuccessful',
  'model models ai llm gpt ollama openai copilot autocomplete completion',
  'project folder repo repository workspace',
  // The marketplace
  'marketplace store shop gallery registry',
  'publish publishing release upload submit list listed',
  'yank withdraw retract unpublish pull rollback',
  'review rating ratings stars star comment feedback',
  'refuse refused reject rejected decline declined deny denied',
  'wait waiting pending held',
  'malicious malware virus trojan stealing steals spyware harmful scam',
  'ci pipeline automation automated',
  // The network
  'offline disconnected unplugged airgapped',
  'internet network wifi online connection connectivity',
  'proxy vpn gateway',
  'certificate ssl tls ca',
  'down outage downtime unavailable unreachable maintenance',
]

/**
 * What people write in their own language among English words, in whose articles they look: the words of support in German. Folded, as words
 * are cut.
 */
const GERMAN = `abo:subscription absturz:crash adresse:address aktivieren:activate aktualisieren:update aktualisierung:update anmelden:login
  anmeldung:login anruf:phone bestatigen:confirm bestatigung:confirmation bewertung:rating bezahlen:payment bezahlt:paid beleg:receipt
  buchhaltung:accounting daten:data drosselung:slow dsgvo:gdpr einloggen:login einstellungen:settings empfang:internet entwickler:developer
  erstattung:refund erweiterung:extension erweiterungen:extensions fehler:error firma:company firmennetz:proxy funktioniert:work gebuhr:fee
  gekauft:bought gekundigt:cancel geld:refund geloscht:delete gerat:device gerate:devices geschwindigkeit:performance gesperrt:blocked
  handbuch:documentation herunterladen:download installieren:install kaufen:buy karte:card kennwort:password kollege:colleague konsole:terminal
  konto:account kontakt:contact kopie:copy kreditkarte:card kundigen:cancel kundigung:cancel langsam:slow lizenz:license lizenzen:licenses
  loschen:delete loschung:delete mitarbeiter:employee mitgliedschaft:subscription netz:network netzwerk:network nutzer:user passwort:password
  preis:price probe:trial problem:error quittung:receipt rabatt:discount rechner:computer rechnung:invoice rechnungen:invoices
  ruckgabe:refund ruckerstattung:refund schlussel:key schrift:font schriftgrosse:font schule:school sicherung:backup sprache:language
  steuer:tax student:student sturzt:crash tastenkurzel:shortcuts telefon:phone testen:trial ubertragen:transfer uhr:clock uhrzeit:clock
  umtausch:refund verein:organization vergessen:forgot verkaufen:sell verlangern:renew verlangerung:renewal veroffentlichen:publish
  version:version wiederherstellen:restore zahlen:payment zahlung:payment zertifikat:certificate zugang:account zuruckgeben:refund
  zurucksetzen:reset zweifaktor:2fa`

const byWord = new Map<string, Set<string>>()
for (const pair of GERMAN.split(/\s+/)) {
  const [german = '', english = ''] = pair.split(':')
  if (german !== english) byWord.set(german, new Set([english]))
}
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
