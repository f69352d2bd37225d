import type { Headers } from '../message/headers.ts'
import type { Request } from '../server/request.ts'

/** What a mounted program can use of a request beyond its main members. A member that is missing is left out. */
export interface RequestExtras {
  /** The header fields that the client sent after the body; they resolve at its end. */
  readonly trailers?: Promise<Headers>
  /** Sets a field that is sent after the body; a function is called for it then. It is named before the first write. */
  setTrailer?(name: string, value: string | (() => string)): boolean
  /** Sends a 103 with links (RFC 8297). */
  writeEarlyHints?(links: readonly string[]): boolean
}

/** Returns the extras of a request. */
export function extrasOf(request: Request): RequestExtras {
  return request as RequestExtras
}
