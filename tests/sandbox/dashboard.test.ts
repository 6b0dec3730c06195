import { expect, test } from 'vitest'
import { newSession, openBench } from './support/sandbox.ts'

test('the dashboard shows payments and events, with the buttons that fit their state', async () => {
  await using bench = openBench()
  const session = await newSession(bench.stripe)
  await bench.sandbox.pay(session.id, { card: '4242424242424242', email: '<b>eve</b>@example.com' })
  const page = async () => (await bench.sandbox.app.request('/')).text()
  const text = await page()
  expect(text).toContain('$499.00')
  expect(text).toContain('checkout.session.completed')
  expect(text).toContain('Fraud warning')
  expect(text).not.toContain('<b>eve</b>')
  expect(text).not.toContain('Win dispute')
  const [charge] = (await bench.stripe.charges.list()).data
  const press = (path: string, fields: Record<string, string>) =>
    bench.sandbox.app.request(path, { method: 'POST', body: new URLSearchParams({ back: '/', ...fields }) })
  expect((await press('/_sandbox/disputes', { charge: charge?.id ?? '' })).headers.get('location')).toBe('/')
  expect(await page()).toContain('Win dispute')
  const refused = await press('/_sandbox/refunds/re_none/fail', {})
  expect(refused.status).toBe(400)
  expect(await refused.text()).toContain('No such refund')
})
