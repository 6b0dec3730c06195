import { adminProcedure, router } from '../../trpc.ts'
import { signedInSchema } from '../auth/schemas.ts'
import { adminPaymentsProcedures } from './payments.ts'
import * as s from './schemas.ts'
import { audit } from './service/audit.ts'
import { listMails, retryMail } from './service/mails.ts'
import { overview } from './service/overview.ts'
import { rotateSigningKey } from './service/signing-keys.ts'
import { ban, impersonate, searchUsers, setRole, unban } from './service/users.ts'
import { adminSlaProcedures } from './sla.ts'
import { adminSupportProcedures } from './support.ts'

export const adminRouter = router({
  ...adminPaymentsProcedures,
  ...adminSupportProcedures,
  ...adminSlaProcedures,

  users: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/users', summary: 'Find accounts' } })
    .input(s.usersInput)
    .output(s.usersOutput)
    .query(({ ctx, input }) => searchUsers(ctx, input)),
  setRole: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/users/{userId}/role', summary: 'Give an account a role' },
    })
    .input(s.setRoleInput)
    .output(s.adminUserSchema)
    .mutation(({ ctx, input }) => setRole(ctx, input)),
  ban: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/users/{userId}/ban', summary: 'Block an account' } })
    .input(s.banInput)
    .output(s.adminUserSchema)
    .mutation(({ ctx, input }) => ban(ctx, input)),
  unban: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/users/{userId}/unban', summary: 'Lift a ban' } })
    .input(s.unbanInput)
    .output(s.adminUserSchema)
    .mutation(({ ctx, input }) => unban(ctx, input)),
  impersonate: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/users/{userId}/impersonate',
        summary: 'See what somebody sees',
      },
    })
    .input(s.impersonateInput)
    .output(signedInSchema)
    .mutation(({ ctx, input }) => impersonate(ctx, input)),
  audit: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/audit', summary: 'Who did what' } })
    .input(s.auditInput)
    .output(s.auditOutput)
    .query(({ ctx, input }) => audit(ctx, input)),
  overview: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/admin/overview', summary: 'What waits, what failed, how today goes' },
    })
    .output(s.overviewOutput)
    .query(({ ctx }) => overview(ctx)),
  mails: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/mails', summary: 'List mails that could not be sent' } })
    .input(s.mailsInput)
    .output(s.mailsOutput)
    .query(({ ctx, input }) => listMails(ctx, input)),
  retryMail: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/mails/{id}/retry', summary: 'Try a mail again' } })
    .input(s.retryMailInput)
    .output(s.mailSchema)
    .mutation(({ ctx, input }) => retryMail(ctx, input)),
  rotateSigningKey: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/signing-keys', summary: 'Make a new signing key' } })
    .input(s.rotateSigningKeyInput)
    .output(s.rotateSigningKeyOutput)
    .mutation(({ ctx, input }) => rotateSigningKey(ctx, input)),
})
