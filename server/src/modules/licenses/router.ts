import { router } from '../../trpc.ts'

export const licensesRouter = router({})
