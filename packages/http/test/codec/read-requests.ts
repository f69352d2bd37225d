import { ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../../src/errors.ts'
import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../../src/codec/limits.ts'
import { RequestReader } from '../../src/codec/request-reader.ts'
import type { RequestHead } from '../../src/codec/request-head.ts'

/** The requests that were read, and the refusal that ended reading, if any. */
export interface Read {
  readonly requests: {
    readonly head: RequestHead
    body: string
    ended: boolean
    trailers: readonly string[]
  }[]
  refused: RemoteProtocolError | undefined
  /** Bytes that were not read. */
  unread: string
}

/** Reads `pieces` as the input of one connection. */
export function readRequests(pieces: Iterable<Uint8Array>, limits: Partial<HTTPLimits> = {}): Read {
  const reader = new RequestReader({ ...DEFAULT_HTTP_LIMITS, ...limits })
  const input = new ByteQueue()
  const read: Read = { requests: [], refused: undefined, unread: '' }
  for (const piece of pieces) {
    input.push(piece)
    try {
      readOn(reader, input, read)
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      read.refused ??= error
    }
  }
  read.unread = input.takeAll().toString('latin1')
  return read
}

function readOn(reader: RequestReader, input: ByteQueue, read: Read): void {
  for (;;) {
    const event = reader.next(input)
    if (event === undefined) return
    const last = read.requests.at(-1)
    if (event.type === 'head') read.requests.push({ head: event.head, body: '', ended: false, trailers: [] })
    else if (last !== undefined && event.type === 'data') last.body += event.data.toString('latin1')
    else if (last !== undefined && event.type === 'end') {
      last.ended = true
      last.trailers = event.trailers
    }
  }
}

/** The result in one line: `GET / ""; POST /b "body" !400`. `…` marks a request that did not end. */
export function summary(read: Read): string {
  const requests = read.requests.map(
    ({ head, body, ended }) => `${head.method} ${head.target} "${body}"${ended ? '' : '…'}`,
  )
  return `${requests.join('; ')}${read.refused === undefined ? '' : ` !${read.refused.statusCode}`}`.trim()
}
