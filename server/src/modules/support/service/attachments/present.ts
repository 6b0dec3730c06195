import { isImage } from '../../attachments/sniff.ts'
import type { AttachmentView } from '../../queries/attachments.ts'

/** An attachment as everybody sees it who may see its message. */
export const presentAttachment = ({ id, fileName, contentType, sizeBytes }: AttachmentView) => ({
  id,
  fileName,
  contentType,
  sizeBytes,
  isImage: isImage(contentType),
})
