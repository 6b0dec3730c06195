import { agentProcedure } from '../../../trpc.ts'
import * as s from '../schemas/agents.ts'
import { listColleagues, setAvailability } from '../service/agents.ts'

/** Agents about themselves and each other. */
export const staffProcedures = {
  agents: agentProcedure
    .meta({ openapi: { method: 'GET', path: '/agents', summary: 'List who can be given tickets' } })
    .input(s.colleaguesInput)
    .output(s.colleaguesOutput)
    .query(({ ctx, input }) => listColleagues(ctx, input)),
  setAvailability: agentProcedure
    .meta({
      openapi: { method: 'POST', path: '/agents/me/availability', summary: 'Come to the desk, or leave it' },
    })
    .input(s.setAvailabilityInput)
    .output(s.setAvailabilityOutput)
    .mutation(({ ctx, input }) => setAvailability(ctx, input)),
}
