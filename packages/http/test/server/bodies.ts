import { MemoryReactor } from '@ropewalk/core/testing'
import { Headers } from '../../src/message/headers.ts'
import { RequestBody } from '../../src/body/request-body.ts'

/** A body of which nothing has arrived, of a request with these headers that does not end by itself. */
export function arrivingBody(
  headers: Readonly<Record<string, string>> = {},
  bodyWanted: () => void = () => undefined,
  finished: Promise<unknown> = new Promise<never>(() => undefined),
): RequestBody {
  const requestHeaders = Headers.fromFields(Object.entries(headers).flat())
  return new RequestBody({ bodyWanted }, { requestHeaders, reactor: new MemoryReactor(), finished })
}

/** A body that has arrived in these pieces. */
export function bodyOf(
  pieces: readonly (string | Uint8Array)[],
  contentType?: string,
  headers: Readonly<Record<string, string>> = {},
): RequestBody {
  const body = arrivingBody(contentType === undefined ? headers : { ...headers, 'Content-Type': contentType })
  for (const piece of pieces) body.pieceReceived(Buffer.from(piece as string))
  body.completed()
  return body
}
