import type { AnyTRPCProcedure } from '@trpc/server'
import type { $ZodType } from 'zod/v4/core'
import { AppError } from '../errors.ts'
import { appRouter } from '../router.ts'
import type { ProcedureMeta, RequestContext } from '../trpc.ts'
import { createRunner } from './run-procedure.ts'

/** A procedure as the adapters call it. */
export interface KnownProcedure {
  path: string
  type: 'query' | 'mutation' | 'subscription'
  meta: ProcedureMeta
  input: $ZodType | undefined
  output: $ZodType | undefined
  /** Runs middlewares, input, service, output. @throws TRPCError whose cause is what `toAppError` reads */
  call(ctx: RequestContext, input: unknown, batchIndex?: number, signal?: AbortSignal): Promise<unknown>
}

// What tRPC keeps of a procedure; its types say less.
interface Definition {
  type: KnownProcedure['type']
  meta?: ProcedureMeta
  inputs: $ZodType[]
  output?: $ZodType
}

function known(path: string, procedure: AnyTRPCProcedure): KnownProcedure {
  const { type, meta, inputs, output } = procedure._def as unknown as Definition
  const run = createRunner(path, procedure)
  return {
    path,
    type,
    meta: meta ?? {},
    input: inputs.at(-1),
    output,
    call: (ctx, input, batchIndex = 0, signal) => run(ctx, input, batchIndex, signal),
  }
}

// At run time the record is flat (`licenses.validate`), whatever its type says.
const record = appRouter._def.procedures as unknown as Record<string, AnyTRPCProcedure>

/** Every procedure by its path. */
export const procedures: ReadonlyMap<string, KnownProcedure> = new Map(
  Object.entries(record).map(([path, procedure]) => [path, known(path, procedure)]),
)

/** No input, or `{}`, which is what REST makes of none. */
const isEmpty = (input: unknown): boolean =>
  input === undefined ||
  (typeof input === 'object' && input !== null && !Array.isArray(input) && Object.keys(input).length === 0)

/**
 * Refuses input where a procedure takes none: without a schema nobody would look at it, and passing it is a mistake.
 * @throws AppError INVALID_INPUT
 */
export function refuseStrayInput(procedure: KnownProcedure, input: unknown): void {
  if (procedure.input === undefined && !isEmpty(input))
    throw new AppError('INVALID_INPUT', { issues: [{ path: '', message: 'This call takes no input.' }] })
}
