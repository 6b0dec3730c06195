import { abuseReports, type Db, extensions, newId, users } from '@devforge/db'
import { and, desc, eq, lt, ne, sql } from 'drizzle-orm'

export type ReportRow = typeof abuseReports.$inferSelect
export type ReportCategory = ReportRow['category']

/** What stands where the text of a decided report of an erased account stood. */
const ERASED_TEXT = 'Erased with the account that wrote it.'

/**
 * Files a report; if the person has one open of this extension, that one stays as it is.
 * @returns the report that is open now
 */
export async function fileReport(
  db: Db,
  values: {
    extensionId: string
    userId: string
    category: ReportCategory
    text: string
    ticketId: string
    now: Date
  },
): Promise<{ report: ReportRow; isNew: boolean }> {
  const { now, ...rest } = values
  const [inserted] = await db
    .insert(abuseReports)
    .values({ id: newId('rpt'), ...rest, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning()
  if (inserted) return { report: inserted, isNew: true }
  const [open] = await db
    .select()
    .from(abuseReports)
    .where(
      and(
        eq(abuseReports.extensionId, values.extensionId),
        eq(abuseReports.userId, values.userId),
        eq(abuseReports.status, 'open'),
      ),
    )
  if (!open) throw new Error('a report was neither written nor there')
  return { report: open, isNew: false }
}

/** An extension that can be reported: one that is to be had, or was until lately. */
export async function findReportable(db: Db, identifier: string) {
  const [row] = await db
    .select({ id: extensions.id, publisherId: extensions.publisherId, identifier: extensions.identifier })
    .from(extensions)
    .where(and(eq(extensions.identifier, identifier.toLowerCase()), ne(extensions.status, 'hidden')))
  return row
}

/** Reports, newest first, with who reported what. */
export async function pageReports(
  db: Db,
  query: {
    status?: ReportRow['status'] | undefined
    extension?: string | undefined
    cursor?: string | undefined
    limit: number
  },
) {
  return db
    .select({
      report: abuseReports,
      extension: extensions.identifier,
      extensionStatus: extensions.status,
      reporter: users.name,
    })
    .from(abuseReports)
    .innerJoin(extensions, eq(extensions.id, abuseReports.extensionId))
    .innerJoin(users, eq(users.id, abuseReports.userId))
    .where(
      and(
        query.status === undefined ? undefined : eq(abuseReports.status, query.status),
        query.extension === undefined ? undefined : eq(extensions.identifier, query.extension.toLowerCase()),
        query.cursor === undefined ? undefined : lt(abuseReports.id, query.cursor),
      ),
    )
    .orderBy(desc(abuseReports.id))
    .limit(query.limit + 1)
}
export type ListedReport = Awaited<ReturnType<typeof pageReports>>[number]

/** A report that nobody has decided yet, locked. */
export async function lockReport(db: Db, id: string) {
  const [row] = await db
    .select({
      report: abuseReports,
      extension: extensions.identifier,
      extensionStatus: extensions.status,
      publisherId: extensions.publisherId,
    })
    .from(abuseReports)
    .innerJoin(extensions, eq(extensions.id, abuseReports.extensionId))
    .where(eq(abuseReports.id, id))
    .for('no key update', { of: abuseReports })
  return row
}

/** Open reports of an extension, locked, oldest first. */
export async function lockOpenReports(db: Db, extensionId: string): Promise<ReportRow[]> {
  return db
    .select()
    .from(abuseReports)
    .where(and(eq(abuseReports.extensionId, extensionId), eq(abuseReports.status, 'open')))
    .orderBy(abuseReports.id)
    .for('no key update')
}

/** Closes a report. The words of somebody whose account is gone are kept no longer than they are needed. */
export async function closeReport(
  db: Db,
  id: string,
  values: { status: 'upheld' | 'dismissed'; answer: string; decidedBy: string; now: Date },
): Promise<ReportRow> {
  const { now, ...rest } = values
  const [row] = await db
    .update(abuseReports)
    .set({
      ...rest,
      decidedAt: now,
      updatedAt: now,
      text: sql`case when exists (
        select from users u where u.id = "abuse_reports"."user_id" and u.erased_at is not null
      ) then ${ERASED_TEXT} else ${abuseReports.text} end`,
    })
    .where(eq(abuseReports.id, id))
    .returning()
  if (!row) throw new Error(`report ${id} vanished while locked`)
  return row
}

/** Forgets the words of somebody's decided reports; open ones are still needed (`closeReport` forgets those). */
export async function forgetReports(db: Db, userId: string): Promise<void> {
  await db
    .update(abuseReports)
    .set({ text: ERASED_TEXT })
    .where(and(eq(abuseReports.userId, userId), ne(abuseReports.status, 'open')))
}

/** Gives reports to another account; where both have one open, one stays with the closed account until it is decided. */
export async function moveReports(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  await db.execute(sql`
    update abuse_reports r set user_id = ${to}
    where r.user_id = ${from} and (r.status <> 'open' or not exists (
      select from abuse_reports own
      where own.extension_id = r.extension_id and own.user_id = ${to} and own.status = 'open'
    ))`)
}
