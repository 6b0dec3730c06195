import { publicProcedure, sessionProcedure } from '../../../trpc.ts'
import * as s from '../schemas/publishers.ts'
import { addMember, members, removeMember } from '../service/publisher-members.ts'
import {
  foundPublisher,
  getPublisher,
  listPublishers,
  updatePublisher,
} from '../service/publisher-profile.ts'
import { removePublisher } from '../service/remove-publisher.ts'
import { verifyPublisher } from '../service/verify-publisher.ts'

/** Procedures of `marketplace.*`, merged by the router. */
export const publishersProcedures = {
  createPublisher: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/marketplace/publishers', summary: 'Take a publisher name' } })
    .input(s.createPublisherInput)
    .output(s.publisherSchema)
    .mutation(({ ctx, input }) => foundPublisher(ctx, input)),
  publisher: publicProcedure
    .meta({ openapi: { method: 'GET', path: '/marketplace/publishers/{name}', summary: 'Get a publisher' } })
    .input(s.publisherInput)
    .output(s.publisherSchema)
    .query(({ ctx, input }) => getPublisher(ctx, input)),
  publishers: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/publishers',
        summary: 'List the publishers you belong to',
      },
    })
    .input(s.publishersInput)
    .output(s.publishersOutput)
    .query(({ ctx, input }) => listPublishers(ctx, input)),
  updatePublisher: sessionProcedure
    .meta({
      openapi: {
        method: 'PATCH',
        path: '/marketplace/publishers/{publisher}/profile',
        summary: 'Change what people see of your publisher',
      },
    })
    .input(s.updatePublisherInput)
    .output(s.publisherSchema)
    .mutation(({ ctx, input }) => updatePublisher(ctx, input)),
  removePublisher: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/publishers/{publisher}/remove',
        summary: 'Remove your publisher with all its extensions, for good',
      },
    })
    .input(s.removePublisherInput)
    .output(s.removePublisherOutput)
    .mutation(({ ctx, input }) => removePublisher(ctx, input)),
  members: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/publishers/{publisher}/members',
        summary: 'List who may publish under a name of yours',
      },
    })
    .input(s.membersInput)
    .output(s.membersOutput)
    .query(({ ctx, input }) => members(ctx, input)),
  addMember: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/publishers/{publisher}/members',
        summary: 'Let somebody publish under your name, or change their role',
      },
    })
    .input(s.addMemberInput)
    .output(s.memberSchema)
    .mutation(({ ctx, input }) => addMember(ctx, input)),
  removeMember: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/publishers/{publisher}/members/remove',
        summary: 'End a membership',
      },
    })
    .input(s.removeMemberInput)
    .output(s.removeMemberOutput)
    .mutation(({ ctx, input }) => removeMember(ctx, input)),
  verifyPublisher: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/publishers/{publisher}/verify',
        summary: 'Prove that a publisher belongs to a domain, by a TXT record in its DNS',
      },
    })
    .input(s.verifyPublisherInput)
    .output(s.verifyPublisherOutput)
    .mutation(({ ctx, input }) => verifyPublisher(ctx, input)),
}
