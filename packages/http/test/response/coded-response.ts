import * as zlib from 'node:zlib'
import { Headers } from '../../src/message/headers.ts'
import type { Exchange } from '../server/http-exchange.ts'

/** A response that a client has received whole. */
export interface Received {
  readonly status: number
  readonly headers: Headers
  /** Without its transfer coding. */
  readonly body: Buffer
  readonly trailers: string
}

/** Sends a GET with these headers, waits for the response, and returns it. */
export async function get(
  exchange: Exchange,
  headers: string = '',
  method: string = 'GET',
): Promise<Received> {
  const before = exchange.requests.length
  await exchange.send(`${method} / HTTP/1.1\r\nHost: h\r\n${headers}\r\n`)
  await ended(exchange, before)
  const bytes = exchange.transport.value('latin1')
  exchange.transport.clear()
  return parse(Buffer.from(bytes, 'latin1'), method)
}

/** Waits for the end of a request, while turns and the threads of coders go on. */
export async function ended(exchange: Exchange, index: number = 0): Promise<void> {
  while (exchange.requests[index]?.outcome === undefined) await passed(exchange)
  await exchange.reactor.settle()
}

/** Lets turns and the threads of coders go on for a moment. */
export async function passed(exchange: Exchange): Promise<void> {
  await exchange.reactor.settle()
  await new Promise((resolve) => setImmediate(resolve))
}

/** Parses one whole response. */
export function parse(bytes: Buffer, method: string = 'GET'): Received {
  const end = bytes.indexOf('\r\n\r\n')
  const [start = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Headers()
  for (const line of lines)
    headers.addRawHeader(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2))
  const status = Number(start.split(' ')[1])
  const content = bytes.subarray(end + 4)
  if (method === 'HEAD' || status === 304) return { status, headers, body: content, trailers: '' }
  if (headers.get('transfer-encoding') !== 'chunked') return { status, headers, body: content, trailers: '' }
  return { status, headers, ...dechunked(content) }
}

/** Undoes the content coding of a response. */
export function decoded({ headers, body }: Received): string {
  switch (headers.get('content-encoding') ?? 'identity') {
    case 'gzip':
      return zlib.gunzipSync(body).toString()
    case 'br':
      return zlib.brotliDecompressSync(body).toString()
    case 'zstd':
      return zstdDecompress(body).toString()
    default:
      return body.toString()
  }
}

/** The types of Node 20 lack it. */
function zstdDecompress(body: Buffer): Buffer {
  return (Reflect.get(zlib, 'zstdDecompressSync') as (body: Buffer) => Buffer)(body)
}

function dechunked(content: Buffer): Pick<Received, 'body' | 'trailers'> {
  const pieces: Buffer[] = []
  let at = 0
  for (;;) {
    const line = content.indexOf('\r\n', at)
    const size = Number.parseInt(content.subarray(at, line).toString(), 16)
    if (!(size >= 0))
      throw new Error(`Cannot read a chunk at ${at}: ${content.subarray(at, at + 40).toString()}`)
    if (size === 0)
      return { body: Buffer.concat(pieces), trailers: content.subarray(line + 2).toString('latin1') }
    pieces.push(content.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
