import { adminProcedure } from '../../trpc.ts'
import { listCalendars, listSlaPolicies, setCalendar, setSlaPolicy } from '../support/service/sla/settings.ts'
import * as s from './sla-schemas.ts'

/** What admins promise in support; spread into the admin router. */
export const adminSlaProcedures = {
  slaPolicies: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/sla-policies', summary: 'List what is promised' } })
    .output(s.slaPoliciesOutput)
    .query(({ ctx }) => listSlaPolicies(ctx)),
  setSlaPolicy: adminProcedure
    .meta({ openapi: { method: 'PUT', path: '/admin/sla-policies', summary: 'Set what is promised' } })
    .input(s.setSlaPolicyInput)
    .output(s.slaPolicySchema)
    .mutation(({ ctx, input }) => setSlaPolicy(ctx, input)),
  calendars: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/calendars', summary: 'List business hours' } })
    .output(s.calendarsOutput)
    .query(({ ctx }) => listCalendars(ctx)),
  setCalendar: adminProcedure
    .meta({ openapi: { method: 'PUT', path: '/admin/calendars', summary: 'Make or change business hours' } })
    .input(s.setCalendarInput)
    .output(s.calendarSchema)
    .mutation(({ ctx, input }) => setCalendar(ctx, input)),
}
