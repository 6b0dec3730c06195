/**
 * What each rule of secretlint's preset begins with, in one expression: a text without any of these is not given to the 27 rules.
 * A test holds it against an example of every rule.
 */
const BEGINNINGS = [
  '[Ss](?:ECRET|ecret)_?(?:ACCESS|access|Access)_?(?:KEY|key|Key)',
  'private_key_id',
  'PRIVATE KEY',
  ':x-oauth-basic@',
  'npm_[A-Za-z0-9_]{36}',
  'xox[bpaor]-',
  'xapp-',
  '[Hh][Oo]{2}[Kk][Ss]\\.[Ss][Ll][Aa][Cc][Kk]\\.',
  '(?:https?|ftps?)://[-\\w]{1,256}:[-\\w]{1,256}@',
  'T3BlbkFJ',
  'sk-ant-api0',
  'gsk_[a-zA-Z0-9]{52}',
  'hf_[a-zA-Z]{34}',
  'lin_api_',
  'ntn_[0-9]{11}',
  'SG\\.\\w',
  'shp(?:pa|ca|at|ss)_',
  '[sr]k_(?:live|test)_',
  'gh[pousr]_[A-Za-z0-9_]{20}',
  'github_pat_',
  'glpat-',
  'glc_[A-Za-z0-9+/]{32}',
  'glsa_',
  'ops_ey',
  '[Mm][Oo][Nn][Gg][Oo][Dd][Bb](?:\\+srv)?://',
  '[Mm][Yy][Ss][Qq][Ll]x?://',
  '[Pp][Oo][Ss][Tt][Gg][Rr][Ee][Ss](?:[Qq][Ll])?://',
  'hv[sbr]\\.[A-Za-z0-9_-]{90}',
  'vc[piark]_[A-Za-z0-9]{20}',
  'dapi[A-Fa-f0-9]{32}',
  'dckr_pat_',
  'figd_',
  'cf(?:k|ut|at)_[A-Za-z0-9]{40}',
  'tskey-',
]

export const MAY_HOLD_SECRET = new RegExp(BEGINNINGS.join('|'))
