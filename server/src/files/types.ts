import type { Readable } from 'node:stream'

/** Bytes that are read where they are needed, never as a whole: what the reader of archives works on. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number
  /** @returns exactly `length` bytes from `offset`; throws when the file is shorter */
  read(offset: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** Where packages and attachments are kept: a folder, or a bucket. Keys are `a/b/c` of `[A-Za-z0-9._@-]`. */
export interface Files {
  put(key: string, body: Uint8Array | string, options: { contentType: string }): Promise<void>
  /**
   * Writes while the bytes arrive, in bounded memory. When `body` fails (a limit, a client that hung up), nothing is left behind
   * and the error is thrown on.
   */
  putStream(key: string, body: AsyncIterable<Uint8Array>, options: { contentType: string }): Promise<void>
  /** The whole file; for small ones. Null when there is none. */
  read(key: string): Promise<Buffer | null>
  /** @param range inclusive, as in HTTP */
  stream(key: string, range?: { start: number; end: number }): Promise<Readable>
  open(key: string): Promise<RandomAccess>
  /** Bytes, or null when there is none. */
  size(key: string): Promise<number | null>
  copy(from: string, to: string): Promise<void>
  /** No error when there is none. */
  delete(key: string): Promise<void>
  deleteAll(prefix: string): Promise<void>
  /** Files below a prefix with the time they were written; for sweeps. */
  list(prefix: string): AsyncIterable<{ key: string; modifiedAt: Date }>
  /** A presigned URL of the bucket, or null on disk: stream it then. */
  signedUrl(
    key: string,
    options: { ttlSeconds: number; fileName: string; contentType: string },
  ): Promise<string | null>
  /** Gives up writes that were begun before a time and never ended: their process died. @returns how many */
  sweepPartial(before: Date): Promise<number>
}
