import type { Request } from '../server/request.ts'

/**
 * Sets the status and the headers of `request` to those of a `Response` of the web.
 *
 * The headers of one that `fetch` returned describe what was received. Its body is decoded already, and its
 * connection is another one, so the headers about these are left out.
 *
 * @returns its body, for the caller to send.
 * @throws {TypeError} when its body was read before, or it is the `Response.error()` of the web.
 * @see RFC 9110 §7.6.1
 */
export function adoptResponse(request: Request, response: Response): ReadableStream<Uint8Array> | null {
  if (response.bodyUsed || response.body?.locked === true)
    throw new TypeError(
      'Cannot send a Response whose body is read elsewhere: return it unread, or its clone()',
    )
  if (response.type === 'error') throw new TypeError('Cannot send Response.error(): it has no status')
  request.setResponseCode(response.status, response.statusText === '' ? undefined : response.statusText)
  const { responseHeaders } = request
  const omitted = response.url === '' ? NOTHING : receivedOnly(response.headers)
  // Several Set-Cookie fields come one by one; all other names come once.
  let cookies = 0
  for (const [name, value] of response.headers) {
    if (omitted.has(name)) continue
    if (name === 'set-cookie' && cookies++ > 0) responseHeaders.addRawHeader(name, value)
    else responseHeaders.setRawHeaders(name, [value])
  }
  return response.body
}

function receivedOnly(headers: Response['headers']): ReadonlySet<string> {
  const options = (headers.get('connection') ?? '').toLowerCase().split(',')
  return new Set([...RECEIVED_ONLY, ...options.map((option) => option.trim())])
}

const NOTHING: ReadonlySet<string> = new Set()
const RECEIVED_ONLY: readonly string[] = [
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
