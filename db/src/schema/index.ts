export * from './identity.ts'
export * from './licenses.ts'
export * from './operations.ts'
export * from './payments.ts'
