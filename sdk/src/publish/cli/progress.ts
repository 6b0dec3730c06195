import type { UploadProgress } from '../../client/upload.ts'
import type { Io } from './io.ts'

const REDRAW_MS = 100
const BAR_WIDTH = 24

/** `12,345,678` → `11.8 MB` */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** Draws how far an upload is: a bar where somebody watches, a line at the start and the end elsewhere (logs of CI). */
export function createProgress(io: Io, quiet: boolean) {
  let drawnAt = 0
  let lastDrawn = ''
  function draw({ sentBytes, totalBytes }: UploadProgress, now: number): void {
    const share = totalBytes ? Math.min(1, sentBytes / totalBytes) : 0
    const full = Math.round(share * BAR_WIDTH)
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`
    const text = `${bar} ${Math.floor(share * 100)} %  ${sizeText(sentBytes)} of ${sizeText(totalBytes ?? 0)}`
    lastDrawn = text.slice(0, io.columns - 1)
    drawnAt = now
    io.err(`\r${lastDrawn}`)
  }
  return {
    onProgress(progress: UploadProgress): void {
      if (quiet || !io.isTerminal) return
      const now = performance.now()
      if (now - drawnAt >= REDRAW_MS || progress.sentBytes === progress.totalBytes) draw(progress, now)
    },
    /** Takes the bar away, for what is said next. */
    clear(): void {
      if (lastDrawn !== '') io.err(`\r${' '.repeat(lastDrawn.length)}\r`)
      lastDrawn = ''
    },
  }
}
