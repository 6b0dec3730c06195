import { router, sessionProcedure } from '../../trpc.ts'
import * as s from './schemas.ts'
import { deleteAccount } from './service/delete-account.ts'
import { exportData } from './service/export.ts'
import { me, update } from './service/profile.ts'

export const usersRouter = router({
  me: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/users/me', summary: 'The own account' } })
    .output(s.userSchema)
    .query(({ ctx }) => me(ctx)),
  update: sessionProcedure
    .meta({ openapi: { method: 'PATCH', path: '/users/me', summary: 'Change the own account' } })
    .input(s.updateUserInput)
    .output(s.userSchema)
    .mutation(({ ctx, input }) => update(ctx, input)),
  exportData: sessionProcedure
    .meta({
      openapi: { method: 'GET', path: '/users/me/export', summary: 'Everything kept about the own account' },
    })
    .output(s.exportSchema)
    .query(({ ctx }) => exportData(ctx)),
  deleteAccount: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/users/me/delete', summary: 'Delete the own account' } })
    .input(s.deleteAccountInput)
    .output(s.okSchema)
    .mutation(({ ctx, input }) => deleteAccount(ctx, input)),
})
