import type { Ctx, SessionActor } from '@devforge/server/context'
import { systemContext } from '@devforge/server/context'
import { draftFromTicket } from '@devforge/server/modules/knowledge/service/draft-from-ticket'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'

test('a solved ticket becomes a draft for agents, without what names the customer', async () => {
  await using t = await createTestApp()
  const agent = await signUp(t, { role: 'agent' })
  const customer = await signUp(t)
  const ticket = await customer.forge.tickets.create({ subject: 'x', body: 'y', category: 'other' })
  const ctx: Ctx<Extract<SessionActor, { type: 'agent' }>> = {
    ...systemContext(t.deps, { type: 'system', job: 'test' }),
    actor: { type: 'agent', userId: agent.id, sessionId: 'ses_test' },
  }
  const given = {
    title: 'Cannot activate with ada@example.com',
    body: 'Key DF-AAAAA-BBBBB-CCCCC-DDDDD-EEEEE in /home/ada/.config <script>alert(1)</script>\n\nAnswer: set the clock.',
    ticketId: ticket.id,
  }
  const article = await draftFromTicket(ctx, given)
  expect(article).toMatchObject({ status: 'draft', visibility: 'agents', ticketId: ticket.id })
  expect(JSON.stringify([article.title, article.body, article.slug])).not.toMatch(/ada|AAAAA/)
  expect(article.html).not.toContain('<script')
  expect(article.body).toContain('Answer: set the clock.')
  expect(await failure(customer.forge.knowledge.get({ slug: article.slug }))).toBe('ARTICLE_NOT_FOUND')
  expect((await t.forge().knowledge.search({ query: 'activate' })).items).toEqual([])
})
