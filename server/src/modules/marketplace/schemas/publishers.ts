import { z } from 'zod'
import { id, line, pageInput, pageOf, reason } from '../../../wire.ts'
import { MAX_PUBLISHER_NAME, PUBLISHER_NAME } from '../publisher-names.ts'

/** A publisher that is there already, in any case. */
const publisher = line(MAX_PUBLISHER_NAME).describe('Name of the publisher, in any case')

const newName = line(MAX_PUBLISHER_NAME)
  .min(2)
  .regex(PUBLISHER_NAME, 'Letters, digits and hyphens, beginning and ending with a letter or digit.')

/** Invisible and direction-changing characters let one text look like another. */
const visible = (text: string): boolean => !/[\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(text)
const displayName = line(80).refine(visible, 'Invisible characters are not allowed.')
const description = line(500).refine(visible, 'Invisible characters are not allowed.')
const websiteUrl = z.url({ protocol: /^https?$/ }).max(300)

export const publisherRole = z.enum(['owner', 'member'])

export const publisherSchema = z
  .object({
    id: z.string(),
    /** The id of editors' galleries. */
    uuid: z.string(),
    name: z.string(),
    displayName: z.string(),
    description: z.string().nullable(),
    websiteUrl: z.string().nullable(),
    /** The domain it has proven to control. */
    domain: z.string().nullable(),
    verified: z.boolean(),
    /** Published extensions. */
    extensions: z.number(),
    createdAt: z.date(),
  })
  .meta({ id: 'Publisher' })

export const createPublisherInput = z.strictObject({ name: newName, displayName: displayName.optional() })
export const publisherInput = z.strictObject({ name: publisher })
export const publishersInput = z.strictObject(pageInput(50))
export const publishersOutput = pageOf(publisherSchema.extend({ role: publisherRole }))
export const updatePublisherInput = z
  .strictObject({
    publisher,
    displayName: displayName.optional(),
    description: description.nullable().optional(),
    websiteUrl: websiteUrl.nullable().optional(),
  })
  .refine(
    ({ publisher: _, ...change }) => Object.values(change).some((value) => value !== undefined),
    'Give something to change.',
  )
export const removePublisherInput = z.strictObject({ publisher, reason })
export const removePublisherOutput = z.object({ removed: z.boolean(), extensions: z.number() })

export const memberSchema = z
  .object({
    /** Null for somebody who was added by address and has not been here yet: nothing tells whether there is an account. */
    userId: z.string().nullable(),
    name: z.string().nullable(),
    /** The address that was typed to add them. */
    email: z.string().nullable(),
    role: publisherRole,
    /** When they first did something here. */
    acceptedAt: z.date().nullable(),
    addedAt: z.date(),
    you: z.boolean(),
  })
  .meta({ id: 'PublisherMember' })

export const membersInput = z.strictObject({ publisher, ...pageInput(100) })
export const membersOutput = pageOf(memberSchema)

const email = z.string().trim().toLowerCase().max(254).pipe(z.email())
/** Whom: by address, or by account. Exactly one of the two. */
const person = { email: email.optional(), userId: id.optional() }
const onePerson = (input: { email?: string | undefined; userId?: string | undefined }): boolean =>
  (input.email === undefined) !== (input.userId === undefined)
const ONE_PERSON = 'Give either an address or a user id.'

export const addMemberInput = z
  .strictObject({ publisher, ...person, role: publisherRole.default('member') })
  .refine(onePerson, ONE_PERSON)
export const removeMemberInput = z.strictObject({ publisher, ...person }).refine(onePerson, ONE_PERSON)
export const removeMemberOutput = z.object({ removed: z.boolean() })

export const verifyPublisherInput = z.strictObject({
  publisher,
  domain: line(253).optional().describe('Needed the first time, and to change it'),
})
export const verifyPublisherOutput = z.object({
  publisher: z.string(),
  domain: z.string(),
  verified: z.boolean(),
  verifiedAt: z.date().nullable(),
  /** The record to keep in the DNS for as long as the publisher is to be verified. */
  record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
  /** Why it is not verified. `unreachable`: the name servers did not answer, try again. */
  problem: z.enum(['not_found', 'unreachable']).nullable(),
})
