import { adminProcedure, publicProcedure, router, sessionProcedure } from '../../trpc.ts'
import * as s from './schemas.ts'
import { activate, deactivateByKey, deactivateOwn } from './service/activate.ts'
import {
  addRelease,
  issueByAdmin,
  reinstateByAdmin,
  renewByAdmin,
  revokeByAdmin,
  searchByAdmin,
  suspendByAdmin,
} from './service/admin.ts'
import { lease, revocations } from './service/lease.ts'
import {
  getLicense,
  listEvents,
  listLicenses,
  listOwnDevices,
  reissueKey,
  renameDevice,
  transferLicense,
} from './service/manage.ts'
import { startTrial } from './service/trial.ts'
import { validate } from './service/validate.ts'

export const licensesRouter = router({
  // With a key in hand, anybody. Keys travel in bodies, never in URLs, so these are POST in REST.
  validate: publicProcedure
    .meta({
      openapi: { method: 'POST', path: '/licenses/validate', summary: 'Say whether a license key is good' },
    })
    .input(s.validateInput)
    .output(s.validateOutput)
    .query(({ ctx, input }) => validate(ctx, input)),
  activate: publicProcedure
    .meta({
      openapi: { method: 'POST', path: '/licenses/activate', summary: 'Activate a license on a device' },
    })
    .input(s.activateInput)
    .output(s.activateOutput)
    .mutation(({ ctx, input }) => activate(ctx, input)),
  lease: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/licenses/lease',
        summary: 'Renew the offline lease of an active device',
      },
    })
    .input(s.leaseInput)
    .output(s.leaseOutput)
    .query(({ ctx, input }) => lease(ctx, input)),
  deactivate: publicProcedure
    .meta({ openapi: { method: 'POST', path: '/licenses/deactivate', summary: 'Free a device' } })
    .input(s.deactivateInput)
    .output(s.deactivateOutput)
    .mutation(({ ctx, input }) => ('key' in input ? deactivateByKey(ctx, input) : deactivateOwn(ctx, input))),
  revocations: publicProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/licenses/revocations',
        summary: 'Signed list of what was revoked after a sequence number',
      },
    })
    .input(s.revocationsInput)
    .output(s.revocationsOutput)
    .query(({ ctx, input }) => revocations(ctx, input)),

  // One's own.
  list: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/licenses', summary: 'List your licenses' } })
    .input(s.listInput)
    .output(s.listOutput)
    .query(({ ctx, input }) => listLicenses(ctx, input)),
  get: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/licenses/{id}', summary: 'Get one of your licenses' } })
    .input(s.getInput)
    .output(s.licenseSchema)
    .query(({ ctx, input }) => getLicense(ctx, input)),
  devices: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/licenses/{licenseId}/devices',
        summary: 'List the devices of a license',
      },
    })
    .input(s.devicesInput)
    .output(s.devicesOutput)
    .query(({ ctx, input }) => listOwnDevices(ctx, input)),
  renameDevice: sessionProcedure
    .meta({ openapi: { method: 'PATCH', path: '/licenses/devices/{deviceId}', summary: 'Name a device' } })
    .input(s.renameDeviceInput)
    .output(s.deviceSchema)
    .mutation(({ ctx, input }) => renameDevice(ctx, input)),
  events: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/licenses/{licenseId}/events',
        summary: 'List what happened to a license',
      },
    })
    .input(s.eventsInput)
    .output(s.eventsOutput)
    .query(({ ctx, input }) => listEvents(ctx, input)),
  reissueKey: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/licenses/{licenseId}/reissue',
        summary: 'Replace a lost or leaked key',
      },
    })
    .input(s.reissueInput)
    .output(s.keyOutput)
    .mutation(({ ctx, input }) => reissueKey(ctx, input)),
  startTrial: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/licenses/trial', summary: 'Start the free trial on this device' },
    })
    .input(s.startTrialInput)
    .output(s.startTrialOutput)
    .mutation(({ ctx, input }) => startTrial(ctx, input)),
  transfer: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/licenses/{licenseId}/transfer',
        summary: 'Give a license to somebody else',
      },
    })
    .input(s.transferInput)
    .output(s.transferOutput)
    .mutation(({ ctx, input }) => transferLicense(ctx, input)),

  // Admins.
  issue: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/licenses', summary: 'Issue a license without a payment' },
    })
    .input(s.issueInput)
    .output(s.keyOutput)
    .mutation(({ ctx, input }) => issueByAdmin(ctx, input)),
  renew: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/licenses/{licenseId}/renew', summary: 'Extend a license' },
    })
    .input(s.renewInput)
    .output(s.licenseSchema)
    .mutation(({ ctx, input }) => renewByAdmin(ctx, input)),
  suspend: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/licenses/{licenseId}/suspend', summary: 'Suspend a license' },
    })
    .input(s.decideInput)
    .output(s.licenseSchema)
    .mutation(({ ctx, input }) => suspendByAdmin(ctx, input)),
  reinstate: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/licenses/{licenseId}/reinstate', summary: 'End a suspension' },
    })
    .input(s.decideInput)
    .output(s.licenseSchema)
    .mutation(({ ctx, input }) => reinstateByAdmin(ctx, input)),
  revoke: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/licenses/{licenseId}/revoke',
        summary: 'End a license for good',
      },
    })
    .input(s.decideInput)
    .output(s.licenseSchema)
    .mutation(({ ctx, input }) => revokeByAdmin(ctx, input)),
  search: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/licenses', summary: 'Search all licenses' } })
    .input(s.searchInput)
    .output(s.searchOutput)
    .query(({ ctx, input }) => searchByAdmin(ctx, input)),
  addRelease: adminProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path: '/admin/releases',
        summary: 'Register a version with its release date',
      },
    })
    .input(s.releaseInput)
    .output(s.releaseOutput)
    .mutation(({ ctx, input }) => addRelease(ctx, input)),
})
