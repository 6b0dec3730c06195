import { supportPlan, ticketPriority } from '@devforge/db'
import { z } from 'zod'
import { id, line, reason } from '../../wire.ts'

/** Business time; a year of it at most. */
const minutes = z
  .number()
  .int()
  .min(1)
  .max(366 * 24 * 60)
  .nullable()
  .describe('Business time of the calendar; null: nothing is promised')

const policyFields = {
  plan: z.enum(supportPlan.enumValues),
  priority: z.enum(ticketPriority.enumValues),
  calendarId: id,
  firstResponseMinutes: minutes,
  nextResponseMinutes: minutes,
  resolutionMinutes: minutes,
}
export const slaPolicySchema = z
  .object({ id: z.string(), ...policyFields, calendarId: z.string(), updatedAt: z.date() })
  .meta({ id: 'SlaPolicy' })
export const slaPoliciesOutput = z.object({ items: z.array(slaPolicySchema) })
export const setSlaPolicyInput = z.strictObject({ ...policyFields, reason: reason.optional() })

const interval = z.strictObject({
  from: z.number().int().min(0).max(1439).describe('Minutes since midnight'),
  to: z.number().int().min(1).max(2880).describe('Beyond 1440 it goes on into the next day'),
})
const hours = z.array(interval).max(10)
const holiday = z.strictObject({
  date: z.iso.date(),
  name: line(100),
  hours: hours.optional().describe('What is open nevertheless; without it, nothing is'),
})
const calendarFields = {
  name: line(100),
  timeZone: line(60).describe('A name of the IANA database, such as `Europe/Berlin`'),
  hours: z.array(hours).length(7).describe('By weekday, Monday first'),
  holidays: z.array(holiday).max(500),
}
export const calendarSchema = z
  .object({ id: z.string(), ...calendarFields, updatedAt: z.date() })
  .meta({ id: 'BusinessCalendar' })
export const calendarsOutput = z.object({ items: z.array(calendarSchema) })
export const setCalendarInput = z.strictObject({
  id: id.optional().describe('Without it, a new calendar is made'),
  ...calendarFields,
  reason: reason.optional(),
})
