import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { Exchange } from './http-exchange.ts'
import { unhandledRejectionsDuring } from './unhandled-rejections.ts'

/** What a resource might do with a request; each response contains the request's path. */
const BEHAVIOURS: Readonly<Record<string, (request: Request) => void | Promise<void>>> = {
  at_once: (request) => request.finish(request.path),
  in_pieces: (request) => {
    for (const char of request.path) request.write(char)
    request.finish()
  },
  later: async (request) => {
    await new Promise((resolve) => request.reactor.callLater(10, resolve, undefined))
    request.finish(request.path)
  },
  reads_first: async (request) => {
    await request.body.bytes()
    request.finish(request.path)
  },
  reads_while_it_writes: async (request) => {
    for await (const piece of request.body) request.write(piece.subarray(0, 0))
    request.finish(request.path)
  },
  refuses: (request) => {
    throw new HTTPError(404, request.path)
  },
}

interface Call {
  readonly behaviour: string
  readonly body: 'none' | 'length' | 'chunked' | 'expected'
}

function bytesOf({ behaviour, body }: Call, at: number): string {
  const head = `${body === 'none' ? 'GET' : 'POST'} /${at}/${behaviour} HTTP/1.1\r\nHost: h\r\n`
  if (body === 'none') return `${head}\r\n`
  if (body === 'chunked') return `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`
  return `${head}Content-Length: 3\r\n${body === 'expected' ? 'Expect: 100-continue\r\n' : ''}\r\nabc`
}

/** Returns the paths of the responses, in order. */
function pathsOf(text: string): string[] {
  const plain = text.replaceAll(/\r\n(?:[0-9a-f]+\r\n(.))/g, '$1')
  return Array.from(plain.matchAll(/\/(\d+)\/[a-z_]+/g), ([path]) => path)
}

describe('HTTPChannel under any mixture of requests, cuts and behaviours', () => {
  const call = fc.record<Call>({
    behaviour: fc.constantFrom(...Object.keys(BEHAVIOURS)),
    body: fc.constantFrom('none', 'length', 'chunked', 'expected'),
  })

  test('responds in order to all or the first ones, then closes, and leaves nothing open', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (calls, cuts) => {
          const exchange = new Exchange((request) => BEHAVIOURS[request.path.split('/')[2] ?? '']?.(request))
          const whole = calls.map(bytesOf).join('')
          const places = [
            0,
            ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b),
            whole.length,
          ]
          for (const [at, end] of places.slice(1).entries()) {
            exchange.transport.receive(whole.slice(places[at], end))
            await exchange.reactor.settle()
            exchange.reactor.advance(1)
          }
          for (let i = 0; i < calls.length + 1; i++) {
            exchange.reactor.advance(10)
            await exchange.reactor.settle()
          }
          const sent = pathsOf(await exchange.received())
          const paths = calls.map(({ behaviour }, at) => `/${at}/${behaviour}`)
          expect(sent).toEqual(paths.slice(0, sent.length))
          expect(sent.length === paths.length || exchange.closed).toBe(true)
          expect(exchange.reactor.logged).toEqual([])
          exchange.transport.receiveEnd()
          await exchange.reactor.settle()
          expect(exchange.transport.connected).toBe(false)
          expect(exchange.reactor.getDelayedCalls()).toEqual([])
        },
      ),
      { numRuns: 400 },
    )
  })
})

/** What a client does at a random time. */
type Leaving = 'end' | 'reset' | 'silence' | 'violation' | 'stop'

describe('HTTPChannel whose client leaves at any time', () => {
  const behaviours: typeof BEHAVIOURS = {
    ...BEHAVIOURS,
    never: () => undefined,
    begins_and_never_ends: (request) => void request.write('begun'),
    holds_the_body_up: async (request) => {
      for await (const piece of request.body)
        await new Promise((resolve) => request.reactor.callLater(piece.length * 1000, resolve, undefined))
      request.finish(request.path)
    },
    stops_with_its_client: async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
    },
    writes_by_timer: (request) => {
      void request.body.text()
      request.reactor.callLater(20_000, () => request.write('late') && request.finish())
    },
  }
  const call = fc.record<Call>({
    behaviour: fc.constantFrom(...Object.keys(behaviours)),
    body: fc.constantFrom('none', 'length', 'chunked', 'expected'),
  })

  test('ends every request, logs only late responses, and leaves no timer', async () => {
    const unhandled = await unhandledRejectionsDuring(async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(call, { minLength: 1, maxLength: 5 }),
          fc.nat(),
          fc.constantFrom<Leaving>('end', 'reset', 'silence', 'violation', 'stop'),
          fc.nat(20_000),
          async (calls, cut, leaving, afterMs) => {
            const exchange = new Exchange((request) =>
              behaviours[request.path.split('/')[2] ?? '']?.(request),
            )
            const { transport, reactor } = exchange
            const whole = calls.map(bytesOf).join('')
            await exchange.send(whole.slice(0, cut % (whole.length + 1)))
            reactor.advance(afterMs)
            if (leaving === 'end') transport.receiveEnd()
            else if (leaving === 'reset') transport.receiveReset()
            else if (leaving === 'violation') await exchange.send('\0\r\n\r\n')
            else if (leaving === 'stop') transport.drain()
            for (let i = 0; i < 12; i++) {
              await reactor.settle()
              reactor.advance(30_000)
            }
            // A response that has begun has no deadline: only the end of its client ends it.
            const begun = exchange.requests.filter(({ started, outcome }) => started && outcome === undefined)
            if (leaving === 'end') expect(begun).toEqual([])
            if (begun.length > 0) transport.receiveReset()
            await reactor.settle()
            expect(exchange.requests.filter(({ outcome }) => outcome === undefined)).toEqual([])
            const texts = reactor.logged.map(({ text }) => text)
            expect(texts.filter((text) => !text.startsWith('A request was not responded to within'))).toEqual(
              [],
            )
            expect(texts.length).toBeLessThan(2)
            exchange.expectNothingLeft()
          },
        ),
        { numRuns: 200 },
      )
    })
    expect(unhandled).toEqual([])
  })
})
