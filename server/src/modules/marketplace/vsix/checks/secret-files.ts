import type { Findings } from '../findings.ts'
import type { InspectedFile } from './files.ts'

/** `.env`, `.env.local`, `.env.production`; not the examples that show what belongs into one. */
const ENV_FILE = /^\.env(?:\.(?!(?:example|sample|template|dist|defaults?|schema)$)[\w-]+)*$/
const KEY_STORE = /\.(?:p12|pfx|jks|keystore|ppk)$|^id_(?:rsa|dsa|ecdsa|ed25519)$/

/** Files that are made to hold secrets, whatever is in them. */
export function checkSecretFile(file: InspectedFile, sizeBytes: number, findings: Findings): void {
  if (sizeBytes === 0) return
  if (ENV_FILE.test(file.baseName)) {
    findings.add({
      rule: 'secret-file',
      severity: file.place === 'own' ? 'error' : 'warning',
      message: 'A file of environment variables: settings and passwords of the machine it comes from.',
      file: file.name,
      line: 1,
    })
  } else if (KEY_STORE.test(file.baseName) && file.place === 'own') {
    findings.add({
      rule: 'secret-file',
      severity: 'hold',
      message: 'A store of keys: whoever installs the extension has them.',
      file: file.name,
    })
  }
}
