// Takes one function: a bundler must leave everything else out.
import { checkLicenseKey } from '@devforge/sdk'

document.title = checkLicenseKey(location.hash.slice(1)).ok ? 'a key' : 'no key'
