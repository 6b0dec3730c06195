/** Procedures of `marketplace.*`, merged by the router. */
export const salesProcedures = {}
