import { type DevForge, isDevForgeError, type Path } from '@devforge/sdk'
import { appRouter } from '@devforge/server/router'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { placeExtension } from '../support/extensions.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import { packVsix } from '../support/vsix.ts'

/** Ids of things that belong to A. */
interface Belongings {
  userId: string
  sessionId: string
  tokenId: string
  licenseId: string
  deviceId: string
  checkoutId: string
  paymentId: string
  subscriptionId: string
  /** Of an extension that A publishes. */
  reviewId: string
  submissionId: string
  ticketId: string
  /** Of a message of A's in that ticket. */
  attachmentId: string
}

/** The same call with an id of A and with one that nobody has: B must get the same answer to both. */
type WithId = { withId: keyof Belongings; input: (id: string) => unknown }
type Case =
  /** Takes no id of anybody; what is secret in it (a key, a token) is the right to call it. */
  | 'no-id'
  /** Answers the caller's own things only: nothing of A's may stand in it. */
  | 'own'
  /** Admins or agents only. */
  | { staff: unknown }
  /** Takes the name of a publisher: A's answers like one that nobody has. */
  | { withPublisher: (publisher: string) => object }
  | WithId

const byId = (withId: keyof Belongings): WithId => ({ withId, input: (id) => ({ id }) })

const A_PUBLISHER = 'belongs-to-a'

/** Every procedure has a line. One without fails the test below: whoever adds a procedure says here whose ids it takes. */
const RANGE = { from: '2026-01-01', to: '2026-01-31' }

const cases: Record<string, Case> = {
  'auth.signUp': 'no-id',
  'auth.signIn': 'no-id',
  'auth.signOut': 'no-id',
  'auth.refresh': 'no-id',
  'auth.requestPasswordReset': 'no-id',
  'auth.resetPassword': 'no-id',
  'auth.changePassword': 'no-id',
  'auth.sendVerification': 'no-id',
  'auth.verifyEmail': 'no-id',
  'auth.startDevice': 'no-id',
  'auth.pollDevice': 'no-id',
  'auth.deviceRequest': 'no-id',
  'auth.approveDevice': 'no-id',
  'auth.sessions': 'own',
  'auth.revokeSession': byId('sessionId'),
  'auth.enableTotp': 'no-id',
  'auth.confirmTotp': 'no-id',
  'auth.disableTotp': 'no-id',
  'auth.createApiToken': 'no-id',
  'auth.apiTokens': 'own',
  'auth.revokeApiToken': byId('tokenId'),

  'users.me': 'own',
  'users.update': 'no-id',
  'users.exportData': 'own',
  'users.deleteAccount': 'no-id',

  'payments.plans': 'no-id',
  'payments.createCheckout': {
    withId: 'licenseId',
    input: (id) => ({
      item: { renew: id },
      successUrl: 'https://e.example/ok',
      cancelUrl: 'https://e.example/no',
    }),
  },
  'payments.checkout': byId('checkoutId'),
  'payments.list': 'own',
  'payments.get': byId('paymentId'),
  'payments.invoices': 'own',
  'payments.subscriptions': 'own',
  'payments.cancelSubscription': { withId: 'subscriptionId', input: (id) => ({ id, atPeriodEnd: true }) },
  'payments.resumeSubscription': byId('subscriptionId'),
  'payments.createPortal': 'no-id',
  'payments.requestRefund': { withId: 'paymentId', input: (id) => ({ paymentId: id, reason: 'mine now' }) },
  'payments.refund': { staff: { paymentId: 'pay_x', reason: 'x', idempotencyKey: 'idor-key-0001' } },

  'licenses.validate': 'no-id',
  'licenses.activate': 'no-id',
  'licenses.lease': 'no-id',
  'licenses.deactivate': { withId: 'deviceId', input: (deviceId) => ({ deviceId }) },
  'licenses.revocations': 'no-id',
  'licenses.list': 'own',
  'licenses.get': byId('licenseId'),
  'licenses.devices': { withId: 'licenseId', input: (licenseId) => ({ licenseId }) },
  'licenses.renameDevice': { withId: 'deviceId', input: (deviceId) => ({ deviceId, name: 'mine' }) },
  'licenses.events': { withId: 'licenseId', input: (licenseId) => ({ licenseId }) },
  'licenses.reissueKey': { withId: 'licenseId', input: (licenseId) => ({ licenseId }) },
  'licenses.startTrial': 'no-id',
  'licenses.transfer': {
    withId: 'licenseId',
    input: (licenseId) => ({ licenseId, toEmail: 'b@example.com' }),
  },
  'licenses.issue': { staff: { email: 'b@example.com', plan: 'pro', reason: 'x' } },
  'licenses.renew': { staff: { licenseId: 'lic_x', months: 1, reason: 'x' } },
  'licenses.suspend': { staff: { licenseId: 'lic_x', reason: 'x' } },
  'licenses.reinstate': { staff: { licenseId: 'lic_x', reason: 'x' } },
  'licenses.revoke': { staff: { licenseId: 'lic_x', reason: 'x' } },
  'licenses.search': { staff: {} },
  // Refused before their input is even looked at.
  // What readers may see, and that the rest answers like what never was, is shown in knowledge/visibility.security.test.ts.
  'knowledge.search': 'no-id',
  'knowledge.get': 'no-id',
  'knowledge.categories': 'no-id',
  'knowledge.suggest': 'no-id',
  'knowledge.feedback': 'no-id',
  'knowledge.solvedIt': 'no-id',
  'knowledge.articles': { staff: {} },
  'knowledge.article': { staff: {} },
  'knowledge.create': { staff: {} },
  'knowledge.update': { staff: {} },
  'knowledge.publish': { staff: {} },
  'knowledge.archive': { staff: {} },
  'knowledge.versions': { staff: {} },
  'knowledge.version': { staff: {} },
  'knowledge.restore': { staff: {} },
  'knowledge.preview': { staff: {} },
  'knowledge.zeroResults': { staff: {} },
  'knowledge.deflections': { staff: {} },

  'tickets.create': 'no-id',
  'tickets.list': 'own',
  'tickets.get': byId('ticketId'),
  'tickets.messages': byId('ticketId'),
  'tickets.reply': { withId: 'ticketId', input: (id) => ({ id, body: 'mine now' }) },
  'tickets.solve': byId('ticketId'),
  'tickets.reopen': byId('ticketId'),
  'tickets.rate': { withId: 'ticketId', input: (id) => ({ id, score: 1 }) },
  'tickets.attachment': byId('attachmentId'),
  'tickets.share': { withId: 'ticketId', input: (id) => ({ id, share: [] }) },
  'tickets.publisherQueue': { withPublisher: (publisher) => ({ publisher }) },
  'tickets.publisherTicket': byId('ticketId'),
  'tickets.publisherReply': { withId: 'ticketId', input: (id) => ({ id, body: 'mine now' }) },
  'tickets.link': { staff: {} },
  'tickets.unlink': { staff: {} },
  'tickets.freeDevice': { staff: {} },
  'tickets.reissueKey': { staff: {} },
  'tickets.requestRefund': { staff: {} },
  'tickets.refundRequests': { staff: {} },
  'tickets.decideRefund': { staff: {} },
  'tickets.onUpdate': byId('ticketId'),
  'tickets.claim': { staff: {} },
  'tickets.assign': { staff: {} },
  'tickets.transition': { staff: {} },
  'tickets.setPriority': { staff: {} },
  'tickets.note': { staff: {} },
  'tickets.merge': { staff: {} },
  'tickets.unmerge': { staff: {} },
  'tickets.split': { staff: {} },
  'tickets.unsplit': { staff: {} },
  'tickets.agents': { staff: {} },
  'tickets.setAvailability': { staff: {} },
  'admin.agents': { staff: {} },
  'admin.setAgent': { staff: {} },
  'admin.queues': { staff: {} },
  'admin.setQueue': { staff: {} },
  'admin.inboundMails': { staff: {} },
  'admin.retryInboundMail': { staff: {} },
  'tickets.queue': { staff: {} },
  'tickets.macros': { staff: {} },
  'tickets.saveMacro': { staff: {} },
  'tickets.deleteMacro': { staff: {} },
  'tickets.previewMacro': { staff: {} },
  'tickets.applyMacro': { staff: {} },
  'tickets.articleLinks': { staff: {} },
  'tickets.draftArticle': { staff: {} },
  'tickets.bulk': { staff: {} },
  'tickets.setTags': { staff: {} },
  'tickets.setQueue': { staff: {} },
  'tickets.presence': { staff: {} },
  'tickets.search': { staff: {} },
  'tickets.viewCounts': { staff: {} },
  'tickets.views': { staff: {} },
  'tickets.createView': { staff: {} },
  'tickets.updateView': { staff: {} },
  'tickets.deleteView': { staff: {} },
  'admin.users': { staff: {} },
  'admin.setRole': { staff: {} },
  'admin.ban': { staff: {} },
  'admin.unban': { staff: {} },
  'admin.impersonate': { staff: {} },
  'admin.audit': { staff: {} },
  'admin.overview': { staff: {} },
  'admin.mails': { staff: {} },
  'admin.retryMail': { staff: { id: 'obx_x' } },
  'admin.rotateSigningKey': { staff: {} },
  'admin.webhookEvents': { staff: {} },
  'admin.replayWebhook': { staff: {} },
  'admin.jobs': { staff: {} },
  'admin.retryJob': { staff: {} },
  'admin.plans': { staff: {} },
  'admin.createPlan': { staff: {} },
  'admin.updatePlan': { staff: {} },
  'admin.archivePlan': { staff: {} },
  'admin.slaPolicies': { staff: {} },
  'admin.setSlaPolicy': { staff: {} },
  'admin.calendars': { staff: {} },
  'admin.setCalendar': { staff: {} },
  'licenses.addRelease': { staff: { version: '1.0.0', releasedAt: new Date() } },

  'marketplace.search': 'no-id',
  'marketplace.get': 'no-id',
  'marketplace.versions': 'no-id',
  'marketplace.related': 'no-id',
  'marketplace.categories': 'no-id',
  'marketplace.trending': 'no-id',
  'marketplace.createPublisher': 'no-id',
  'marketplace.publisher': 'no-id',
  'marketplace.publishers': 'own',
  'marketplace.updatePublisher': { withPublisher: (publisher) => ({ publisher, displayName: 'Mine now' }) },
  'marketplace.removePublisher': { withPublisher: (publisher) => ({ publisher, reason: 'mine now' }) },
  'marketplace.members': { withPublisher: (publisher) => ({ publisher }) },
  'marketplace.addMember': { withPublisher: (publisher) => ({ publisher, email: 'b@example.com' }) },
  'marketplace.removeMember': { withPublisher: (publisher) => ({ publisher, email: 'a@example.com' }) },
  'marketplace.verifyPublisher': { withPublisher: (publisher) => ({ publisher, domain: 'b.dev' }) },
  'marketplace.setPrice': {
    withPublisher: (publisher) => ({ id: `${publisher}.tools`, amountMinor: 100, currency: 'usd' }),
  },
  'marketplace.createPayoutAccount': {
    withPublisher: (publisher) => ({
      publisher,
      returnUrl: 'https://b.example/ok',
      refreshUrl: 'https://b.example/again',
    }),
  },
  'marketplace.balance': { withPublisher: (publisher) => ({ publisher }) },
  'marketplace.payouts': { withPublisher: (publisher) => ({ publisher, month: '2026-11' }) },
  'marketplace.payoutsCsv': { withPublisher: (publisher) => ({ publisher, month: '2026-11' }) },
  // Reviews are everybody's to read and to flag; extensions go by name.
  'marketplace.reviews': 'no-id',
  'marketplace.ownRating': 'no-id',
  'marketplace.rate': 'no-id',
  'marketplace.unrate': 'no-id',
  'marketplace.review': 'no-id',
  'marketplace.deleteReview': 'no-id',
  'marketplace.flagReview': 'no-id',
  'marketplace.reportAbuse': 'no-id',
  'marketplace.killList': 'no-id',
  'marketplace.onSubmission': byId('submissionId'),
  'marketplace.submission': byId('submissionId'),
  'marketplace.submissions': 'own',
  'marketplace.appeal': { withId: 'submissionId', input: (id) => ({ id, text: 'mine' }) },
  'marketplace.moderationQueue': { staff: {} },
  'marketplace.approve': { staff: { submissionId: 'smn_x' } },
  'marketplace.reject': { staff: { submissionId: 'smn_x', reason: 'x' } },
  // Extensions go by name; that a foreign one answers like one that never was is shown in marketplace/yank.test.ts.
  'marketplace.deprecate': 'no-id',
  'marketplace.yank': 'no-id',
  'marketplace.unyank': 'no-id',
  'marketplace.remove': 'no-id',
  'marketplace.download': 'no-id',
  'marketplace.replyToReview': { withId: 'reviewId', input: (reviewId) => ({ reviewId, body: 'mine' }) },
  // That a foreign extension answers like one that never was is shown in marketplace/stats.test.ts.
  'marketplace.stats': 'no-id',
  'marketplace.statsCsv': 'no-id',
  'marketplace.takedownImpact': { staff: { id: 'a.b' } },
  'marketplace.takedown': { staff: { id: 'a.b', reason: 'x' } },
  'marketplace.restore': { staff: { id: 'a.b', reason: 'x' } },
  'marketplace.takedownAppeals': { staff: {} },
  'marketplace.declineAppeal': { staff: { id: 'a.b', reason: 'x' } },
  'marketplace.feature': { staff: { id: 'a.b' } },
  'marketplace.unfeature': { staff: { id: 'a.b' } },
  'marketplace.flaggedReviews': { staff: {} },
  'marketplace.hideReview': { staff: { reviewId: 'rev_x', reason: 'x' } },
  'marketplace.unhideReview': { staff: { reviewId: 'rev_x', reason: 'x' } },
  'marketplace.dismissFlags': { staff: { reviewId: 'rev_x', reason: 'x' } },
  'marketplace.abuseReports': { staff: {} },
  // Neither an account nor an id of ours goes in or out.
  'analytics.track': 'no-id',
  'analytics.overview': { staff: RANGE },
  'analytics.revenue': { staff: RANGE },
  'analytics.licenses': { staff: RANGE },
  'analytics.marketplace': { staff: RANGE },
  'analytics.support': { staff: RANGE },
  'analytics.exportCsv': { staff: { report: 'payments', ...RANGE } },
  'marketplace.decideReport': { staff: { reportId: 'rpt_x', decision: 'upheld', answer: 'x' } },
}

interface ProcedureInfo {
  type: 'query' | 'mutation' | 'subscription'
}
const procedures = appRouter._def.procedures as unknown as Record<string, { _def: ProcedureInfo }>

/** Calls whatever procedure with whatever input, past the SDK's methods and their types. */
function callAny(forge: DevForge, path: string, input: unknown): Promise<unknown> {
  if (procedures[path]?._def.type === 'subscription') {
    // The first that a stream says, be it an error.
    const follow = forge.subscribe as unknown as (path: string, input: unknown) => AsyncGenerator<unknown>
    const stream = follow(path, input)
    return stream.next().finally(() => stream.return(undefined))
  }
  const call = forge.call as unknown as (path: Path, kind: string, input: unknown) => Promise<unknown>
  return call(path as Path, procedures[path]?._def.type ?? 'query', input)
}

/** What one learns from a call: the whole answer or the whole error, less what names the request. */
async function learned(promise: Promise<unknown>, id: string): Promise<string> {
  const text = await promise.then(
    (value) => `answer ${JSON.stringify(value)}`,
    (error: unknown) => {
      if (!isDevForgeError(error)) throw error
      return `error ${error.httpStatus} ${error.code} ${error.message} ${JSON.stringify(error.details)}`
    },
  )
  return text.replaceAll(id, '<id>')
}

describe('what belongs to A is closed to B', () => {
  let t: TestApp
  let b: Person
  let belongings: Belongings
  let secrets: string[]

  beforeAll(async () => {
    t = await createTestApp()
    const a = await signUp(t)
    const { key, licenseId } = await licensed(t, { owner: a })
    const { device } = await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
    const { id: tokenId } = await a.forge.auth.createApiToken({ name: 'ci', scopes: ['read'] })
    const bought = await buy(t, a, { plan: 'pro-monthly' })
    const { items: sessions } = await a.forge.auth.sessions()
    belongings = {
      userId: a.id,
      sessionId: sessions[0]?.id ?? '',
      tokenId,
      licenseId,
      deviceId: device.id,
      checkoutId: bought.checkoutId,
      paymentId: bought.paymentId,
      subscriptionId: (await a.forge.payments.subscriptions()).items[0]?.id ?? '',
      reviewId: await reviewed(a),
      submissionId: await submitted(a),
      ...(await opened(a)),
    }
    for (const [name, id] of Object.entries(belongings)) expect(id, name).toMatch(/^[a-z]{3}_/)
    secrets = [...Object.values(belongings), a.email, A_PUBLISHER]
    b = await signUp(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('every procedure says whose ids it takes', () => {
    expect(Object.keys(procedures).sort()).toEqual(Object.keys(cases).sort())
  })

  for (const [path, rule] of Object.entries(cases)) {
    if (rule === 'no-id') continue
    test(path, async () => {
      if (rule === 'own') {
        const answer = JSON.stringify(
          await callAny(b.forge, path, {}).catch(() => callAny(b.forge, path, undefined)),
        )
        for (const secret of secrets) expect(answer).not.toContain(secret)
        return
      }
      if ('staff' in rule) {
        await expect(callAny(b.forge, path, rule.staff)).rejects.toMatchObject({ code: 'FORBIDDEN' })
        await expect(callAny(t.forge(), path, rule.staff)).rejects.toMatchObject({ code: 'AUTH_REQUIRED' })
        return
      }
      const byName = 'withPublisher' in rule
      const real = byName ? A_PUBLISHER : belongings[rule.withId]
      const unknown = byName ? 'belongs-to-nobody' : `${real.slice(0, 4)}01aaaaaaaaaaaaaaaaaaaaaaaa`
      const input = byName ? rule.withPublisher : rule.input
      const before = await snapshot()
      const aboutReal = await learned(callAny(b.forge, path, input(real)), real)
      expect(aboutReal).toBe(await learned(callAny(b.forge, path, input(unknown)), unknown))
      expect(aboutReal).toMatch(byName ? /^error 403 PUBLISHER_FORBIDDEN / : /^error 404 /)
      expect(await snapshot(), 'nothing of A has changed').toEqual(before)
      // Somebody who is not signed in gets no further than the door.
      expect(await learned(callAny(t.forge(), path, input(real)), real)).toMatch(/^error 40[14] /)
    })
  }

  test('ids of A in one batch with B’s own calls are refused one by one', async () => {
    const inputs = {
      0: { json: {} },
      1: { json: { id: belongings.licenseId } },
      2: { json: { id: belongings.paymentId } },
    }
    const { accessToken } = await b.forge.auth.refresh()
    const response = await t.fetch(
      `${TEST_URL}/trpc/licenses.list,licenses.get,payments.get?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`,
      { headers: { authorization: `Bearer ${accessToken}` } },
    )
    const answers = (await response.json()) as {
      result?: unknown
      error?: { json: { data: { code: string } } }
    }[]
    expect(answers.map((answer) => answer.error?.json.data.code ?? 'ok')).toEqual([
      'ok',
      'NOT_FOUND',
      'NOT_FOUND',
    ])
  })

  /** A package of a publisher of theirs. @returns the submission's id */
  async function submitted(owner: Person): Promise<string> {
    await owner.forge.call('marketplace.createPublisher', 'mutation', { name: A_PUBLISHER })
    return (await owner.forge.marketplace.submit(await packVsix({ publisher: A_PUBLISHER }))).id
  }

  /** A ticket of theirs, with a file. */
  async function opened(owner: Person): Promise<Pick<Belongings, 'ticketId' | 'attachmentId'>> {
    const { tickets } = owner.forge
    const file = await tickets.uploadAttachment(new Blob(['Words of A']), { fileName: 'a.txt' })
    const ticket = await tickets.create({
      subject: 'Private',
      body: 'Words of A',
      category: 'other',
      attachmentIds: [file.id],
    })
    return { ticketId: ticket.id, attachmentId: file.id }
  }

  /** Somebody reviews an extension of a person. @returns the review's id */
  async function reviewed(owner: Person): Promise<string> {
    const { id } = await placeExtension(t, { owner })
    const review = { id, stars: 4, title: 'Good', body: 'It works.' }
    const own = await (await signUp(t)).forge.call('marketplace.review', 'mutation', review)
    return own.review?.id ?? ''
  }

  /** Everything that A has, as the database sees it. */
  async function snapshot(): Promise<string> {
    const rows = await t.deps.sql`
      select l::text from licenses l where user_id = ${belongings.userId}
      union all select d::text from license_devices d
      union all select e::text from license_events e
      union all select p::text from payments p where user_id = ${belongings.userId}
      union all select c::text from checkouts c
      union all select s::text from subscriptions s
      union all select s::text from sessions s where user_id = ${belongings.userId}
      union all select r::text from reviews r
      union all select k::text from api_tokens k
      union all select p::text from publishers p
      union all select m::text from publisher_members m
      union all select k::text from tickets k
      union all select m::text from ticket_messages m order by 1`
    return JSON.stringify(rows)
  }
})
