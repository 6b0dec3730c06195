import type { Command } from '../command.ts'
import { installInfo, search } from './find.ts'
import { login, logout, whoami } from './login.ts'
import { deprecate, unyank, yank } from './manage.ts'
import { publish } from './publish.ts'
import { stats } from './stats.ts'
import { status } from './status.ts'

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [
  login,
  logout,
  whoami,
  publish,
  status,
  yank,
  unyank,
  deprecate,
  stats,
  search,
  installInfo,
]
