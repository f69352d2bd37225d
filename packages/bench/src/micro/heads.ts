import { ByteQueue } from '@ropewalk/core/bytes'
import { Headers } from '@ropewalk/http'
import { bench, do_not_optimize, group } from 'mitata'
import type { Internals } from './internals.ts'

/** The heads of requests and responses: bytes to events, and headers to bytes. */
export function heads({ RequestReader, limits, responseHead }: Internals): void {
  const read = (name: string, request: string, cut: number = Infinity): void => {
    const bytes = Buffer.from(request)
    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)]
    const reader = new RequestReader(limits)
    const input = new ByteQueue()
    bench(name, () => {
      for (const chunk of chunks) {
        input.push(chunk)
        for (let event = reader.next(input); event !== undefined; event = reader.next(input))
          do_not_optimize(event)
      }
    })
  }
  group('read a request', () => {
    read('of one header', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    read('of a browser', BROWSER)
    read('of a browser, in two chunks', BROWSER, 200)
    read(
      'with a body of 1 KiB',
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n${'x'.repeat(1024)}`,
    )
  })
  group('write the head of a response', () => {
    bench('with two headers and a length', () => {
      const response = new Headers()
      response.addRawHeader('Date', 'Sat, 28 Nov 2026 04:03:30 GMT')
      response.addRawHeader('Content-Type', 'text/plain')
      do_not_optimize(responseHead(200, undefined, response, 'Content-Length: 13\r\n'))
    })
  })
}

const BROWSER = [
  'GET /ropes/hemp?length=310&strands=3 HTTP/1.1',
  'Host: www.example.org',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language: en-GB,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Referer: https://www.example.org/ropes',
  'Cookie: session=3c6f1f5f0d7b4f0f9c5e8f8d2b1a7e66; theme=dark',
  'Connection: keep-alive',
  'Sec-Fetch-Mode: navigate',
  '\r\n',
].join('\r\n')
