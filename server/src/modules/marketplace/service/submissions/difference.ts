import { isDeepStrictEqual } from 'node:util'
import type { Finding, UpdateDifference } from '@devforge/db'

/** What is compared of two versions. */
export interface VersionFacts {
  version: string
  executesCode: boolean
  engine: string
  dependencies: string[]
  packMembers: string[]
  nativeBinaries: string[]
  manifest: Record<string, unknown>
}

interface Submitter {
  /** Joined after the previous version, and has not published any of the extension's versions. */
  isNewMember: boolean
}

const added = (before: string[], after: string[]): string[] => after.filter((item) => !before.includes(item))

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** Platform packages of one extension carry the same binary under another folder: only the file's name counts. */
const baseName = (path: string): string => path.split('/').at(-1) ?? path

/**
 * What an update changes that people should look at: the ways in which a hijacked account, or an extension that was sold, turns.
 * Changes with a finding wait for a moderator; the others only help them to judge.
 */
export function compareWithPrevious(
  previous: VersionFacts,
  next: VersionFacts,
  { isNewMember }: Submitter,
): { difference: UpdateDifference; findings: Finding[] } {
  const changes: UpdateDifference['changes'] = []
  const findings: Finding[] = []
  const risk = (rule: string, message: string, before: unknown, after: unknown): void => {
    changes.push({ rule, before, after })
    findings.push({ rule, severity: 'hold', message })
  }

  if (!previous.executesCode && next.executesCode) {
    risk('update-first-code', `runs code for the first time (${previous.version} ran none)`, false, true)
  }
  const dependencies = added(previous.dependencies, next.dependencies)
  if (dependencies.length > 0) {
    const message = `depends on more extensions than ${previous.version}: ${dependencies.join(', ')}`
    risk('update-new-dependency', message, previous.dependencies, next.dependencies)
  }
  const members = added(previous.packMembers, next.packMembers)
  if (members.length > 0) {
    const message = `brings more extensions along than ${previous.version}: ${members.join(', ')}`
    risk('update-new-pack-member', message, previous.packMembers, next.packMembers)
  }
  const before = textsOf(previous.manifest.activationEvents)
  const after = textsOf(next.manifest.activationEvents)
  if (!before.includes('*') && after.includes('*')) {
    risk(
      'update-star-activation',
      'now starts with every editor, at once (activation event *)',
      before,
      after,
    )
  }
  const binaries = added(previous.nativeBinaries.map(baseName), next.nativeBinaries.map(baseName))
  if (binaries.length > 0) {
    const message = `brings native programs that ${previous.version} did not have: ${binaries.slice(0, 10).join(', ')}`
    risk('update-native-binary', message, previous.nativeBinaries, next.nativeBinaries)
  }
  if (isNewMember) {
    const message = `is published by somebody who joined the publisher after ${previous.version}`
    risk('update-new-member', message, false, true)
  }

  const tell = (rule: string, was: unknown, is: unknown): void => {
    // The database keeps members of objects in an order of its own.
    if (!isDeepStrictEqual(was ?? null, is ?? null)) {
      changes.push({ rule, before: was ?? null, after: is ?? null })
    }
  }
  tell('engine', previous.engine, next.engine)
  if (added(before, after).length > 0 && !after.includes('*')) tell('activation-events', before, after)
  for (const field of ['displayName', 'main', 'browser', 'license', 'repository', 'capabilities']) {
    tell(field, previous.manifest[field], next.manifest[field])
  }
  return { difference: { previousVersion: previous.version, changes }, findings }
}
