import { randomBytes } from 'node:crypto'
import type { TestApp } from './app.ts'
import { type Person, signUp } from './people.ts'
import { type PackOptions, packVsix } from './vsix.ts'

/** Somebody who publishes, and somebody who moderates. */
export interface Marketplace {
  author: Person
  admin: Person
  /** Name of the author's publisher. */
  publisher: string
  /** Packs, submits and lets the jobs run. */
  submit(options?: PackOptions): Promise<Submitted>
  /** The same, approved by the moderator where it is held: published in the end. */
  publish(options?: PackOptions): Promise<Submitted>
}

export type Submitted = Awaited<ReturnType<Person['forge']['marketplace']['submission']>>

/** A publisher of its own. Its first extension is held, like everybody's. */
export async function openMarketplace(t: TestApp): Promise<Marketplace> {
  const author = await signUp(t)
  const admin = await signUp(t, { role: 'admin' })
  const publisher = `acme-${randomBytes(4).toString('hex')}`
  await author.forge.marketplace.createPublisher({ name: publisher })
  const submit = async (options: PackOptions = {}): Promise<Submitted> => {
    const { id } = await author.forge.marketplace.submit(await packVsix({ publisher, ...options }))
    await t.drain()
    return author.forge.marketplace.submission({ id })
  }
  return {
    author,
    admin,
    publisher,
    submit,
    async publish(options) {
      const submission = await submit(options)
      if (submission.status === 'needs_review') {
        await admin.forge.marketplace.approve({ submissionId: submission.id })
        await t.drain()
      }
      return author.forge.marketplace.submission({ id: submission.id })
    },
  }
}
