import {
  abuseReports,
  accounts,
  apiTokens,
  appeals,
  articleDeflections,
  articleFeedback,
  articles,
  articleVersions,
  auditLog,
  checkouts,
  type Db,
  extensions,
  extensionUsers,
  invoices,
  licenseDevices,
  licenseEvents,
  licenses,
  paymentEvents,
  payments,
  publisherMembers,
  publishers,
  ratings,
  refunds,
  reviewFlags,
  reviews,
  sessions,
  submissions,
  subscriptions,
  ticketAttachments,
  ticketDiagnostics,
  ticketMessages,
  tickets,
  trials,
} from '@devforge/db'
import { and, asc, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'

/** Until the last transfer a license's history is its former owner's, whose name stands in the transfer itself. */
const lastTransfer = sql`(select coalesce(max(t.id), '') from license_events t
  where t.license_id = ${licenses.id} and t.type = 'license.transferred')`

/** What came by mail is theirs once the address is: anybody can sign up with an address of somebody else, who then writes to us. */
const theirTickets = (userId: string) =>
  and(
    eq(tickets.requesterId, userId),
    sql`(${tickets.source} <> 'mail' or exists (select from users u where u.id = ${userId} and u.email_verified))`,
  )

/** What they uploaded, and what stands in their conversations: what came by mail nobody uploaded. */
const theirFiles = (db: Db, userId: string) =>
  union(
    db
      .select({ id: ticketAttachments.id })
      .from(ticketAttachments)
      .where(eq(ticketAttachments.uploaderId, userId)),
    db
      .select({ id: ticketAttachments.id })
      .from(ticketAttachments)
      .innerJoin(ticketMessages, eq(ticketMessages.id, ticketAttachments.messageId))
      .innerJoin(tickets, eq(tickets.id, ticketMessages.ticketId))
      .where(and(theirTickets(userId), eq(ticketMessages.kind, 'message'))),
  )

/** Everything that is kept about a person, table by table, without what is secret (hashes, sealed values, tokens). */
export async function collectExport(db: Db, userId: string) {
  const signIns = await db
    .select({ provider: accounts.providerId, since: accounts.createdAt })
    .from(accounts)
    .where(eq(accounts.userId, userId))
  const { token: _token, userId: _session, ...sessionColumns } = getTableColumns(sessions)
  const { tokenHash: _hash, userId: _owner, ...tokenColumns } = getTableColumns(apiTokens)
  const { keyHash: _key, userId: _holder, ...licenseColumns } = getTableColumns(licenses)
  const { fingerprintHash: _print, ...deviceColumns } = getTableColumns(licenseDevices)
  const {
    sealedLicenseKey: _sealed,
    requestHash: _request,
    stripeIdempotencyKey: _call,
    userId: _buyer,
    ...checkoutColumns
  } = getTableColumns(checkouts)
  return {
    signIns,
    sessions: await db.select(sessionColumns).from(sessions).where(eq(sessions.userId, userId)),
    apiTokens: await db.select(tokenColumns).from(apiTokens).where(eq(apiTokens.userId, userId)),
    licenses: await db
      .select(licenseColumns)
      .from(licenses)
      .where(eq(licenses.userId, userId))
      .orderBy(asc(licenses.id)),
    devices: await db
      .select(deviceColumns)
      .from(licenseDevices)
      .innerJoin(licenses, eq(licenses.id, licenseDevices.licenseId))
      .where(eq(licenses.userId, userId))
      .orderBy(asc(licenseDevices.id)),
    licenseEvents: await db
      .select(getTableColumns(licenseEvents))
      .from(licenseEvents)
      .innerJoin(licenses, eq(licenses.id, licenseEvents.licenseId))
      .where(and(eq(licenses.userId, userId), sql`${licenseEvents.id} > ${lastTransfer}`))
      .orderBy(asc(licenseEvents.id)),
    trials: await db
      .select({
        id: trials.id,
        licenseId: trials.licenseId,
        startedAt: trials.startedAt,
        endsAt: trials.endsAt,
      })
      .from(trials)
      .where(eq(trials.userId, userId)),
    checkouts: await db
      .select(checkoutColumns)
      .from(checkouts)
      .where(eq(checkouts.userId, userId))
      .orderBy(asc(checkouts.id)),
    subscriptions: await db
      .select(getTableColumns(subscriptions))
      .from(subscriptions)
      .where(eq(subscriptions.userId, userId))
      .orderBy(asc(subscriptions.id)),
    payments: await db
      .select(getTableColumns(payments))
      .from(payments)
      .where(eq(payments.userId, userId))
      .orderBy(asc(payments.id)),
    paymentEvents: await db
      .select(getTableColumns(paymentEvents))
      .from(paymentEvents)
      .innerJoin(payments, eq(payments.id, paymentEvents.paymentId))
      .where(eq(payments.userId, userId))
      .orderBy(asc(paymentEvents.id)),
    refunds: await db
      .select(getTableColumns(refunds))
      .from(refunds)
      .innerJoin(payments, eq(payments.id, refunds.paymentId))
      .where(eq(payments.userId, userId))
      .orderBy(asc(refunds.id)),
    invoices: await db
      .select(getTableColumns(invoices))
      .from(invoices)
      .where(eq(invoices.userId, userId))
      .orderBy(asc(invoices.id)),
    publishers: await db
      .select({
        name: publishers.name,
        role: publisherMembers.role,
        invitedEmail: publisherMembers.invitedEmail,
        acceptedAt: publisherMembers.acceptedAt,
        since: publisherMembers.createdAt,
      })
      .from(publisherMembers)
      .innerJoin(publishers, eq(publishers.id, publisherMembers.publisherId))
      .where(eq(publisherMembers.userId, userId))
      .orderBy(asc(publishers.nameKey)),
    ratings: await db
      .select({
        extension: extensions.identifier,
        stars: ratings.stars,
        version: ratings.version,
        createdAt: ratings.createdAt,
        updatedAt: ratings.updatedAt,
        review: {
          title: reviews.title,
          body: reviews.body,
          verified: reviews.verified,
          hiddenReason: reviews.hiddenReason,
          createdAt: reviews.createdAt,
          updatedAt: reviews.updatedAt,
        },
      })
      .from(ratings)
      .innerJoin(extensions, eq(extensions.id, ratings.extensionId))
      .leftJoin(reviews, eq(reviews.ratingId, ratings.id))
      .where(eq(ratings.userId, userId))
      .orderBy(asc(ratings.id)),
    reviewFlags: await db
      .select({ reviewId: reviewFlags.reviewId, reason: reviewFlags.reason, at: reviewFlags.at })
      .from(reviewFlags)
      .where(eq(reviewFlags.userId, userId))
      .orderBy(asc(reviewFlags.at)),
    abuseReports: await db
      .select({
        id: abuseReports.id,
        extension: extensions.identifier,
        category: abuseReports.category,
        text: abuseReports.text,
        status: abuseReports.status,
        answer: abuseReports.answer,
        decidedAt: abuseReports.decidedAt,
        createdAt: abuseReports.createdAt,
      })
      .from(abuseReports)
      .innerJoin(extensions, eq(extensions.id, abuseReports.extensionId))
      .where(eq(abuseReports.userId, userId))
      .orderBy(asc(abuseReports.id)),
    submissions: await db
      .select({
        id: submissions.id,
        extension: submissions.identifier,
        version: submissions.version,
        targetPlatform: submissions.targetPlatform,
        status: submissions.status,
        reason: submissions.reason,
        createdAt: submissions.createdAt,
      })
      .from(submissions)
      .where(eq(submissions.userId, userId))
      .orderBy(asc(submissions.id)),
    appeals: await db
      .select({
        id: appeals.id,
        submissionId: appeals.submissionId,
        text: appeals.text,
        status: appeals.status,
        answer: appeals.answer,
        createdAt: appeals.createdAt,
      })
      .from(appeals)
      .where(eq(appeals.userId, userId))
      .orderBy(asc(appeals.id)),
    extensionDownloads: await db
      .select({ extension: extensions.identifier, firstAt: extensionUsers.firstAt })
      .from(extensionUsers)
      .innerJoin(extensions, eq(extensions.id, extensionUsers.extensionId))
      .where(eq(extensionUsers.userId, userId))
      .orderBy(asc(extensionUsers.firstAt)),
    articleFeedback: await db
      .select({
        article: articles.slug,
        helpful: articleFeedback.helpful,
        createdAt: articleFeedback.createdAt,
        updatedAt: articleFeedback.updatedAt,
      })
      .from(articleFeedback)
      .innerJoin(articles, eq(articles.id, articleFeedback.articleId))
      .where(eq(articleFeedback.userId, userId))
      .orderBy(asc(articleFeedback.id)),
    articlesThatSolvedIt: await db
      .select({ article: articles.slug, at: articleDeflections.at })
      .from(articleDeflections)
      .innerJoin(articles, eq(articles.id, articleDeflections.articleId))
      .where(eq(articleDeflections.userId, userId))
      .orderBy(asc(articleDeflections.id)),
    articleVersions: await db
      .select({
        article: articles.slug,
        locale: articles.locale,
        number: articleVersions.number,
        title: articleVersions.title,
        body: articleVersions.body,
        note: articleVersions.note,
        at: articleVersions.at,
      })
      .from(articleVersions)
      .innerJoin(articles, eq(articles.id, articleVersions.articleId))
      .where(eq(articleVersions.authorId, userId))
      .orderBy(asc(articleVersions.id)),
    tickets: await db
      .select({
        id: tickets.id,
        number: tickets.number,
        subject: tickets.subject,
        category: tickets.category,
        status: tickets.status,
        sharedWithPublisher: tickets.publisherShare,
        satisfactionScore: tickets.satisfactionScore,
        satisfactionComment: tickets.satisfactionComment,
        createdAt: tickets.createdAt,
      })
      .from(tickets)
      .where(theirTickets(userId))
      .orderBy(asc(tickets.id)),
    // Without notes: they are what the desk thinks, and hold words of others. Whoever wants them asks, and people look first.
    ticketMessages: await db
      .select({
        ticketId: ticketMessages.ticketId,
        author: ticketMessages.authorType,
        body: ticketMessages.body,
        source: ticketMessages.source,
        createdAt: ticketMessages.createdAt,
      })
      .from(ticketMessages)
      .innerJoin(tickets, eq(tickets.id, ticketMessages.ticketId))
      .where(and(theirTickets(userId), eq(ticketMessages.kind, 'message')))
      .orderBy(asc(ticketMessages.sequence)),
    ticketAttachments: await db
      .select({
        ticketId: ticketAttachments.ticketId,
        fileName: ticketAttachments.fileName,
        contentType: ticketAttachments.contentType,
        sizeBytes: ticketAttachments.sizeBytes,
        createdAt: ticketAttachments.createdAt,
      })
      .from(ticketAttachments)
      .where(inArray(ticketAttachments.id, theirFiles(db, userId)))
      .orderBy(asc(ticketAttachments.id)),
    ticketDiagnostics: await db
      .select({
        ticketId: ticketDiagnostics.ticketId,
        data: ticketDiagnostics.data,
        expiresAt: ticketDiagnostics.expiresAt,
      })
      .from(ticketDiagnostics)
      .innerJoin(tickets, eq(tickets.id, ticketDiagnostics.ticketId))
      .where(eq(tickets.requesterId, userId)),
    history: await db
      .select({ at: auditLog.at, action: auditLog.action, reason: auditLog.reason })
      .from(auditLog)
      .where(eq(auditLog.subject, userId))
      .orderBy(asc(auditLog.id)),
  }
}
