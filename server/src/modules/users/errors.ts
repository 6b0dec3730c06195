import { defineErrors, error } from '../../errors/define.ts'

export const usersErrors = defineErrors({
  LAST_ADMIN: error('CONFLICT', 'The last admin cannot be removed.'),
})
