import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the first test that needs it puts the server's program, for the rest of the run. */
    serverProgramFolder: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'devforge-faults-server-'))
  project.provide('serverProgramFolder', folder)
  return () => rm(folder, { recursive: true, force: true })
}
