import { defineErrors, error } from '../../errors/define.ts'

export const supportErrors = defineErrors({
  TICKET_CLOSED: error<{ id: string }>(
    'CONFLICT',
    'This ticket is closed. A reply opens a new one that is linked to it.',
  ),
  TICKET_TRANSITION_INVALID: error<{ from: string; to: string; choices: string[]; why?: string }>(
    'CONFLICT',
    'The ticket cannot go there from where it is. See details.choices.',
  ),
  TICKET_CONFLICT: error<{ id: string; version: number }>(
    'CONFLICT',
    'Somebody else changed this ticket meanwhile. Load it again.',
  ),
  AGENT_NOT_ACTIVE: error<{ userId: string }>(
    'CONFLICT',
    'This account does not work on tickets: it is turned off as an agent, or has no role for it.',
  ),
  TICKET_NOT_SOLVED: error<{ status: string }>('CONFLICT', 'Only solved tickets can be rated.'),
})
