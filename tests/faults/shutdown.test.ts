import { expect, test } from 'vitest'
import { TEST_MS, until } from './until.ts'
import { booksOf, checkoutOfPro, createWorld, ONCE, pay, quiet, settledBooks } from './world.ts'

const REQUESTS = 20

// Guards: a shutdown lets requests and jobs end: first the port, then the queue, then the database.
test('SIGTERM in the middle of 20 purchases and a job: all answered, code 0, nothing half done', {
  timeout: TEST_MS,
}, async () => {
  await using world = await createWorld()
  const server = await world.start()
  const buyer = await world.signUp()
  const bought = await checkoutOfPro(buyer)
  const people = await Promise.all(Array.from({ length: REQUESTS }, () => world.signUp()))
  await quiet(world)

  const creating = world.stripe.holdAnswers('POST /v1/checkout/sessions')
  const reading = world.stripe.holdAnswers('GET /v1/checkout/sessions/*')
  await pay(world, bought.url)
  await reading.reached
  const sessionsBefore = world.stripe.calls.filter((call) => call === 'POST /v1/checkout/sessions').length
  const answers = Promise.allSettled(people.map(checkoutOfPro))
  await until(
    'all requests are at Stripe',
    () =>
      world.stripe.calls.filter((call) => call === 'POST /v1/checkout/sessions').length - sessionsBefore ===
      REQUESTS,
  )
  const stopped = server.stop()
  await until('it is shutting down', () => server.log.some(({ msg }) => msg === 'shutting down'))
  await expect(fetch(`${world.url}/health/live`)).rejects.toThrow()
  creating.release()
  reading.release()

  expect(await answers).toEqual(
    people.map(() => expect.objectContaining({ status: 'fulfilled', value: expect.anything() })),
  )
  expect(await stopped).toBe(0)
  expect(server.log.at(-1)?.msg).toBe('stopped')
  expect(server.log.filter(({ level }) => Number(level) >= 50)).toEqual([])
  // The job that was at work has ended; what it promised is done or waits, and nothing stands at work.
  expect(await booksOf(world, buyer)).toMatchObject({
    licenses: ['active'],
    payments: ['succeeded'],
    keyMails: 1,
  })
  expect(await world.sql`select name from pgboss.job where state = 'active'`).toEqual([])
  expect(await world.sql`select id from checkouts where stripe_session_id is null`).toEqual([])
  const claimed = await world.sql`
    select id from outbox where sent_at is null and attempts > 0 and last_error is null`
  expect(claimed).toEqual([])

  await world.start()
  expect(await settledBooks(world, buyer)).toEqual(ONCE)
})
