import { methodsOf as of } from '../client/methods.ts'

export const methodsOf = of('marketplace')
