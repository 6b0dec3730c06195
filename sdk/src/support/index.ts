export type { Diagnostics, DiagnosticsSource } from './diagnostics.ts'
export { collectDiagnostics, redact, redactDiagnostics } from './diagnostics.ts'
export type {
  FailedEntry,
  QueuedEntry,
  SendResult,
  TicketOutbox,
  TicketOutboxOptions,
  TicketOutboxStorage,
} from './outbox.ts'
export { createTicketOutbox } from './outbox.ts'
