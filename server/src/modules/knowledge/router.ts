import { router } from '../../trpc.ts'
import { readersProcedures } from './procedures/readers.ts'
import { writersProcedures } from './procedures/writers.ts'

export const knowledgeRouter = router({ ...readersProcedures, ...writersProcedures })
