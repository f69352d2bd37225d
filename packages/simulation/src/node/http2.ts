import http2 from 'node:http2'
import { Duplex } from 'node:stream'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/**
 * Gives the responses of HTTP/2 servers on hosts the date of the host. Node keeps the text of the header for a second
 * in a variable of the process, by the real clock.
 */
export function standInForHTTP2(): void {
  for (const server of [http2.createServer(), http2.createSecureServer({})])
    replaceMethod(
      Object.getPrototypeOf(server) as object,
      'emit',
      (real) =>
        function (this: object, event: string, stream: unknown, ...rest: unknown[]) {
          if (event === 'stream' && typeof stream === 'object' && stream !== null && nodeHost() !== undefined)
            dateResponses(Object.getPrototypeOf(stream) as object)
          return Reflect.apply(real, this, [event, stream, ...rest])
        },
    )
}

/** Notes the handle of a stream that code of a host has opened. */
export function noteStream(handle: object): void {
  STREAMS.push(new WeakRef(handle as StreamOfSession))
}

/**
 * Closes the open streams of hosts without a notice to their programs, because Node would keep their sessions in
 * memory. A stream that has bytes to write stays: its program would be called for them.
 *
 * @param owner The property of a handle that has its stream.
 */
export function forgetStreams(owner: symbol): void {
  for (const noted of STREAMS.splice(0)) {
    const handle = noted.deref()
    const stream: unknown = handle && Reflect.get(handle, owner)
    if (handle === undefined || !(stream instanceof Duplex) || stream.writableLength > 0) continue
    Reflect.set(handle, owner, null)
    handle.destroy()
  }
}

/** The handle of an HTTP/2 stream. */
interface StreamOfSession {
  destroy(): void
}

/** @param streams The prototype of the streams of servers, which Node does not export. */
function dateResponses(streams: object): void {
  if (DATED.has(streams)) return
  DATED.add(streams)
  for (const method of ['respond', 'respondWithFD', 'respondWithFile'])
    replaceMethod(
      streams,
      method,
      (real) =>
        function (this: object, ...args: unknown[]) {
          const at = method === 'respond' ? 0 : 1
          const given = args.slice(0, at)
          const [headers, options, ...rest] = args.slice(at)
          const dated = nodeHost() === undefined || isUndated(options) ? headers : withDate(headers)
          return Reflect.apply(real, this, [...given, dated, options, ...rest])
        },
    )
}

function isUndated(options: unknown): boolean {
  return typeof options === 'object' && options !== null && Reflect.get(options, 'sendDate') === false
}

/** @param headers An object; names and values in turn; or nothing. */
function withDate(headers: unknown): unknown {
  const date = new Date().toUTCString()
  if (Array.isArray(headers)) {
    const names = headers.filter((_part, at) => at % 2 === 0)
    return names.some(isDate) ? (headers as unknown) : [...(headers as unknown[]), 'date', date]
  }
  const fields: object = headers ?? {}
  return Object.keys(fields).some(isDate) ? fields : { ...fields, date }
}

function isDate(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'date'
}

/** The handles of the streams that were opened since the last simulation ended. */
const STREAMS: WeakRef<StreamOfSession>[] = []
const DATED = new WeakSet<object>()
