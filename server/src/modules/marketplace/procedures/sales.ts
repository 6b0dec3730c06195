import { sessionProcedure } from '../../../trpc.ts'
import * as s from '../schemas/sales.ts'
import { createPayoutAccount } from '../service/sales/payout-account.ts'
import { setPrice } from '../service/sales/price.ts'
import { balance, payouts, payoutsCsv } from '../service/sales/report.ts'

/** Procedures of `marketplace.*`, merged by the router. */
export const salesProcedures = {
  setPrice: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/prices',
        summary: 'Price an extension, or make it free',
      },
    })
    .input(s.setPriceInput)
    .output(s.setPriceOutput)
    .mutation(({ ctx, input }) => setPrice(ctx, input)),
  createPayoutAccount: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/publishers/{publisher}/payout-account',
        summary: 'Open the page on which a publisher says where its money goes',
      },
    })
    .input(s.createPayoutAccountInput)
    .output(s.createPayoutAccountOutput)
    .mutation(({ ctx, input }) => createPayoutAccount(ctx, input)),
  balance: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/publishers/{publisher}/balance',
        summary: 'See what a publisher earned, was sent and is owed',
      },
    })
    .input(s.balanceInput)
    .output(s.balanceOutput)
    .query(({ ctx, input }) => balance(ctx, input)),
  payouts: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/publishers/{publisher}/payouts',
        summary: 'List a month of a publisher’s ledger',
      },
    })
    .input(s.payoutsInput)
    .output(s.payoutsOutput)
    .query(({ ctx, input }) => payouts(ctx, input)),
  payoutsCsv: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/publishers/{publisher}/payouts/csv',
        summary: 'Get a month of a publisher’s ledger as CSV',
      },
    })
    .input(s.payoutsCsvInput)
    .output(s.payoutsCsvOutput)
    .query(({ ctx, input }) => payoutsCsv(ctx, input)),
}
