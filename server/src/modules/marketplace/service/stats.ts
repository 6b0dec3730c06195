import { DAY } from '../../../clock.ts'
import type { AccountActor, Ctx } from '../../../context.ts'
import { toCsv } from '../../../csv.ts'
import { AppError } from '../../../errors.ts'
import { findOwnExtension, listUsage, type StatsKey, sumUsage } from '../queries/statistics.ts'
import { compareVersions } from '../vsix/versions.ts'
import { dayOf } from './roll-up.ts'

type OwnCtx = Ctx<AccountActor>

/** Days of UTC, `YYYY-MM-DD`, both counted in. */
export interface StatsRange {
  id: string
  from: string
  to: string
}

const COUNTS = ['downloads', 'installs', 'updates', 'uninstalls', 'uniqueInstalls'] as const
type Counts = Record<(typeof COUNTS)[number], number>
const NONE: Counts = { downloads: 0, installs: 0, updates: 0, uninstalls: 0, uniqueInstalls: 0 }

/** More is no table for a spreadsheet: 400 days of some hundred versions and platforms each. */
const MAX_CSV_ROWS = 200_000

/** Somebody else's extension answers like one that is not there. */
async function ownExtension(ctx: OwnCtx, id: string): Promise<{ id: string; identifier: string }> {
  const extension = await findOwnExtension(ctx.db, { identifier: id, userId: ctx.actor.userId })
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id })
  return extension
}

function daysBetween(from: string, to: string): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) days.push(dayOf(new Date(at)))
  return days
}

type Line = Counts & { key: string }

/** Days without usage are there, too; versions come newest first, platforms busiest first. */
function arrange(by: StatsKey, lines: Line[], { from, to }: StatsRange): Line[] {
  switch (by) {
    case 'day': {
      const known = new Map(lines.map((line) => [line.key, line]))
      return daysBetween(from, to).map((key) => known.get(key) ?? { key, ...NONE })
    }
    case 'version':
      return lines.toSorted((a, b) => compareVersions(b.key, a.key))
    case 'platform':
      return lines.toSorted((a, b) => b.downloads - a.downloads || a.key.localeCompare(b.key))
  }
}

/** The usage of an extension for the members of its publisher. @throws EXTENSION_NOT_FOUND */
export async function stats(ctx: OwnCtx, input: StatsRange & { by: StatsKey }) {
  const extension = await ownExtension(ctx, input.id)
  const lines = await sumUsage(ctx.db, { ...input, extensionId: extension.id })
  const totals = { ...NONE }
  for (const line of lines) for (const count of COUNTS) totals[count] += line[count]
  const { from, to, by } = input
  return { id: extension.identifier, from, to, by, items: arrange(by, lines, input), totals }
}

/** The same for a spreadsheet: one line per day, version and platform that was used. @throws EXTENSION_NOT_FOUND, STATS_TOO_LARGE */
export async function statsCsv(ctx: OwnCtx, input: StatsRange) {
  const extension = await ownExtension(ctx, input.id)
  const rows = await listUsage(ctx.db, { ...input, extensionId: extension.id, limit: MAX_CSV_ROWS + 1 })
  if (rows.length > MAX_CSV_ROWS) throw new AppError('STATS_TOO_LARGE', { limitRows: MAX_CSV_ROWS })
  return {
    fileName: `${extension.identifier}-${input.from}-${input.to}.csv`,
    contentType: 'text/csv; charset=utf-8',
    csv: toCsv(['day', 'version', 'targetPlatform', ...COUNTS], rows),
  }
}
