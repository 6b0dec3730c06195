import { defineErrors, error } from '../../errors/define.ts'

export const analyticsErrors = defineErrors({
  EXPORT_TOO_LARGE: error<{ limitRows: number }>(
    'PAYLOAD_TOO_LARGE',
    'This is too much for one file. Choose fewer days.',
  ),
})
