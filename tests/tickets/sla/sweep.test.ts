import { systemContext } from '@devforge/server/context'
import { sweepSla } from '@devforge/server/modules/support/service/sla/sweep'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { aTicket, type Desk, openDesk } from '../../support/desk.ts'
import { signUp } from '../../support/people.ts'
import { breachesOf, clocksOf, DAY, eventsOf, HOUR, nextMonday, sweep, versionOf } from './support.ts'

describe('the sweep over promises', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    nextMonday(t)
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  // Free and normal: 24 business hours, from Monday ten o'clock until Thursday ten.
  const open = async (customer = desk.customer) => (await customer.forge.tickets.create(aTicket())).id
  const mails = async (subject: RegExp) =>
    (await t.mails(desk.agent.email)).filter((mail) => subject.test(mail.subject)).length

  test('warns the assignee by mail when four fifths of the time are used, tells of the breach after it, each once', async () => {
    const monday = nextMonday(t)
    const id = await open()
    await desk.agent.forge.tickets.claim({ id })
    const version = await versionOf(desk.agent, id)
    // 19 hours and 12 minutes of 24: Wednesday, 13:12.
    t.clock.set(new Date(monday.getTime() + 2 * DAY + 3.1 * HOUR))
    expect(await sweep(t)).toEqual([])
    expect(await mails(/due soon/)).toBe(0)
    t.clock.set(new Date(monday.getTime() + 2 * DAY + 3.3 * HOUR))
    expect(await sweep(t)).toEqual([])
    expect(await sweep(t)).toEqual([])
    expect(await mails(/due soon/)).toBe(1)
    expect(await eventsOf(t, id, 'sla.warned')).toMatchObject([
      { after: { metric: 'first_response', cycle: 1 } },
    ])
    expect(await breachesOf(t, id)).toEqual([])

    t.clock.set(new Date(monday.getTime() + 3 * DAY + 0.1 * HOUR))
    expect(await sweep(t)).toEqual([])
    expect(await sweep(t)).toEqual([])
    expect(await mails(/is late/)).toBe(1)
    expect(await breachesOf(t, id)).toMatchObject([{ metric: 'first_response', cycle: 1 }])
    expect(await eventsOf(t, id, 'sla.breached')).toHaveLength(1)
    expect(await clocksOf(desk.agent, id)).toMatchObject({ breached: true, first: { state: 'breached' } })
    // Whoever has the ticket open need not load it again for it.
    expect(await versionOf(desk.agent, id)).toBe(version)
    const [text] = (await t.mails(desk.agent.email)).filter((mail) => mail.subject.includes('is late'))
    expect(JSON.stringify(text)).not.toContain('editor does not start')
  })

  test('agents hear of it on their stream, the customer does not', async () => {
    const monday = nextMonday(t)
    const id = await open()
    const heard: string[] = []
    const listening = (async () => {
      for await (const update of desk.agent.forge.tickets.onUpdate({ id })) {
        heard.push(update.type)
        if (update.type === 'sla.breached') return
      }
    })()
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    await sweep(t)
    await listening
    expect(heard).toContain('sla.breached')
    const { desk: hidden } = await desk.customer.forge.tickets.get({ id })
    expect(hidden).toBeNull()
    const [event] = await t.deps
      .sql`select is_public from ticket_events where ticket_id = ${id} and type = 'sla.breached'`
    expect(event?.is_public).toBe(false)
  })

  test('a promise that was kept, paused or cancelled is not swept', async () => {
    const monday = nextMonday(t)
    const [answered, solved] = [await open(), await open()]
    await desk.agent.forge.tickets.reply({ id: answered, body: 'Try this.', status: 'pending' })
    await desk.customer.forge.tickets.solve({ id: solved })
    t.clock.set(new Date(monday.getTime() + 4 * DAY))
    expect(await sweep(t)).toEqual([])
    expect([...(await breachesOf(t, answered)), ...(await breachesOf(t, solved))]).toEqual([])
  })

  test('eight sweeps at once, in two servers, write and mail one breach per ticket', async () => {
    await using other = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
    const monday = nextMonday(t)
    const customer = await signUp(t)
    const ids = await Promise.all(Array.from({ length: 20 }, () => open(customer)))
    for (const id of ids) await desk.agent.forge.tickets.claim({ id })
    const mailed = await mails(/is late/)
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        sweepSla(systemContext((i % 2 ? t : other).deps, { type: 'system', job: 'support.sla' })),
      ),
    )
    expect(await t.drain()).toEqual([])
    for (const id of ids) {
      expect(await breachesOf(t, id)).toHaveLength(1)
      expect(await eventsOf(t, id, 'sla.breached')).toHaveLength(1)
    }
    expect((await mails(/is late/)) - mailed).toBe(20)
  })

  test('answers that race the sweep are neither lost nor doubled', async () => {
    const monday = nextMonday(t)
    const customer = await signUp(t)
    const ids = await Promise.all(Array.from({ length: 12 }, () => open(customer)))
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    await Promise.all([
      ...ids.map((id) => desk.agent.forge.tickets.reply({ id, body: 'Sorry for the wait.' })),
      ...Array.from({ length: 3 }, () =>
        sweepSla(systemContext(t.deps, { type: 'system', job: 'support.sla' })),
      ),
    ])
    expect(await t.drain()).toEqual([])
    for (const id of ids) {
      expect(await breachesOf(t, id)).toHaveLength(1)
      const clocks = await clocksOf(desk.agent, id)
      expect(clocks).toMatchObject({
        firstResponseDueAt: null,
        nextDueAt: null,
        first: { state: 'breached' },
      })
      expect(clocks.first?.endedAt).not.toBeNull()
    }
  })

  test('one ticket that cannot be swept does not keep the others from it', async () => {
    const monday = nextMonday(t)
    const broken = await open()
    const fine = await open()
    await t.deps.sql`update tickets set sla = '{"firstResponse": 7}' where id = ${broken}`
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    expect(await sweep(t)).toHaveLength(1)
    expect(await breachesOf(t, fine)).toHaveLength(1)
    await t.deps.sql`update tickets set sla = null, sla_check_at = null where id = ${broken}`
  })

  test('more than a batch is swept whole', { timeout: 120_000 }, async () => {
    const monday = nextMonday(t)
    const at = monday.toISOString()
    await t.deps.sql`
      insert into tickets (id, requester_id, subject, category, source, queue_id, status_changed_at, created_at, sla_check_at)
      select 'tkt_many_' || n, ${desk.customer.id}, 'Many', 'bug', 'api', 'que_general', ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz
      from generate_series(1, 450) n`
    t.clock.set(new Date(monday.getTime() + 3 * DAY + HOUR))
    expect(await sweep(t)).toEqual([])
    const [row] = await t.deps
      .sql`select count(*)::int as count from sla_breaches where ticket_id like 'tkt_many_%'`
    expect(row?.count).toBe(450)
  })
})
