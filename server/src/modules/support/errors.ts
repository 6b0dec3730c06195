import { defineErrors, error } from '../../errors/define.ts'

export const supportErrors = defineErrors({
  ATTACHMENT_INFECTED: error('BAD_REQUEST', 'The malware scanner refuses this file. It was not kept.'),
  ARTICLE_NOT_FOR_CUSTOMER: error<{ articles: string[] }>(
    'CONFLICT',
    'The answer leads to articles that the customer cannot read. Leave them out, or write a note.',
  ),
  ATTACHMENT_QUOTA: error<{ limitBytes: number }>(
    'PAYLOAD_TOO_LARGE',
    'You have uploaded a lot. Send what no message has taken yet, or wait a day.',
  ),
  REFUND_REQUEST_DECIDED: error<{ status: string }>('CONFLICT', 'This request was decided already.'),
  TICKET_WITHOUT_EXTENSION: error<{ id: string }>(
    'CONFLICT',
    'This ticket is about no extension that has a publisher to share it with.',
  ),
  TICKET_CLOSED: error<{ id: string }>(
    'CONFLICT',
    'This ticket is closed for good. What its customer answers opens a new one that is linked to it.',
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
  AGENT_ROLE_NEEDED: error<{ userId: string }>(
    'CONFLICT',
    'Only accounts with the role `agent` or `admin` work on tickets. Give it the role first.',
  ),
  QUEUE_SLUG_TAKEN: error<{ slug: string }>('CONFLICT', 'There is a queue of this name already.'),
  QUEUE_CATEGORY_TAKEN: error<{ category: string; queueId: string }>(
    'CONFLICT',
    'Tickets of a category go to one queue. Take it from the other one first.',
  ),
  QUEUE_DEFAULT_NEEDED: error<{ queueId: string }>(
    'CONFLICT',
    'One active queue takes what no other does. Make another one the default first.',
  ),
  CALENDAR_EXISTS: error<{ name: string }>('CONFLICT', 'Another calendar has this name.'),
  TICKET_MERGE_INVALID: error<{ why: 'same_ticket' | 'other_customer' }>(
    'CONFLICT',
    'Only two tickets of the same customer can be merged. See details.why.',
  ),
  TICKET_SPLIT_INVALID: error<{ why: 'nothing_public' | 'nothing_left' }>(
    'CONFLICT',
    'A public message must go to the new ticket, and one must stay. See details.why.',
  ),
  TICKET_UNDO_IMPOSSIBLE: error<{ why: 'not_merged' | 'not_split' | 'too_late' | 'answered' }>(
    'CONFLICT',
    'This cannot be undone any more, or there is nothing to undo. See details.why.',
  ),
  DESK_NAME_TAKEN: error<{ name: string }>('CONFLICT', 'There is one of that name already.'),
  DESK_LIMIT: error<{ limit: number }>('CONFLICT', 'There are as many as there may be. Delete one first.'),
  TICKET_TAGS_FULL: error<{ limit: number }>('CONFLICT', 'A ticket has no room for more tags.'),
  MACRO_PLACEHOLDER_UNKNOWN: error<{ placeholders: string[]; known: string[] }>(
    'BAD_REQUEST',
    'The macro has placeholders that there are none of. See details.known.',
  ),
  MACRO_VALUE_MISSING: error<{ placeholders: string[] }>(
    'CONFLICT',
    'The macro names something that is not known of this ticket. See details.placeholders.',
  ),
  TICKET_NOT_SOLVED: error<{ status: string }>(
    'CONFLICT',
    'Only solved tickets can be rated, or become articles.',
  ),
})
