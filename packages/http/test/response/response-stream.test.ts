import { StringTransport } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { ResponseStream } from '../../src/response/response-stream.ts'

function respond(
  { code = 200, method = 'GET', version = '1.1' as '1.0' | '1.1', fields = [] as string[] },
  write: (
    stream: ResponseStream,
    head: { code: number; reason: undefined; headers: Headers; dateLine: string },
  ) => void,
): { sent: string; persistent: boolean; connected: boolean } {
  const transport = new StringTransport()
  transport.begin({
    makeConnection: () => undefined,
    dataReceived: () => undefined,
    connectionLost: () => undefined,
  })
  const stream = new ResponseStream(transport, { version, method }, true)
  write(stream, { code, reason: undefined, headers: Headers.fromFields(fields), dateLine: '' })
  return { sent: transport.value(), persistent: stream.persistent, connected: transport.connected }
}

describe('ResponseStream', () => {
  test('sends no body for HEAD, 204 and 304, and no Content-Length with 204', () => {
    expect(respond({ method: 'HEAD' }, (stream, head) => stream.whole(head, 'body')).sent).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n',
    )
    expect(
      respond({ code: 204, fields: ['Content-Length', '4'] }, (stream, head) => stream.whole(head, 'body'))
        .sent,
    ).toBe('HTTP/1.1 204 No Content\r\n\r\n')
    expect(
      respond({ code: 304, fields: ['ETag', '"x"'] }, (stream, head) => stream.whole(head, 'body')).sent,
    ).toBe('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n')
    const streamed = respond({ method: 'HEAD' }, (stream, head) => {
      stream.begin(head)
      stream.write('never')
      stream.finish()
    })
    expect(streamed.sent).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })

  test('frames a body in one way, by its Content-Length if the program set one', () => {
    const pieces = (stream: ResponseStream, head: Parameters<ResponseStream['begin']>[0]): void => {
      stream.begin(head)
      stream.write('ab')
      stream.write('')
      stream.write(Buffer.from('c'))
      stream.finish()
    }
    expect(respond({}, pieces).sent).toBe(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    )
    expect(respond({ fields: ['Content-Length', '3'] }, pieces).sent).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
    )
    const old = respond({ version: '1.0' }, pieces)
    expect([old.sent, old.persistent]).toEqual(['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc', false])
  })

  test('refuses a Transfer-Encoding, and a Content-Length that is not one number', () => {
    for (const fields of [
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '1', 'Content-Length', '2'],
      ['Content-Length', 'x'],
    ]) {
      expect(() => respond({ fields }, (stream, head) => stream.begin(head))).toThrow('Cannot s')
    }
  })

  test('throws for a body that is longer or shorter than declared, before any of it is written', () => {
    expect(() =>
      respond({ fields: ['Content-Length', '3'] }, (stream, head) => stream.whole(head, 'four')),
    ).toThrow('4 bytes under Content-Length 3')
    expect(() =>
      respond({ fields: ['Content-Length', '3'] }, (stream, head) => stream.whole(head, '')),
    ).toThrow('0 bytes under Content-Length 3')
    expect(() =>
      respond({ fields: ['Content-Length', '3'] }, (stream, head) => stream.begin(head, 'four')),
    ).toThrow('4 bytes under Content-Length 3')
    const { sent } = respond({ fields: ['Content-Length', '3'] }, (stream, head) => {
      for (const body of ['', 'four']) expect(() => stream.whole(head, body)).toThrow('under Content-Length')
      expect(() => stream.begin(head, 'four')).toThrow('4 bytes under Content-Length 3')
      expect(stream.started).toBe(false)
      stream.begin(head, 'ab')
      stream.write('ab')
      expect(() => stream.write('cd')).toThrow('4 bytes under Content-Length 3')
      expect(() => stream.finish()).toThrow('2 bytes under Content-Length 3')
      expect(stream.sentBytes).toBe(2)
    })
    expect(sent).toBe('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab')
  })

  test('lets the program set only Connection: close', () => {
    const closing = respond({ fields: ['Connection', 'close'] }, (stream, head) => stream.whole(head, ''))
    expect([closing.sent, closing.persistent]).toEqual([
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      false,
    ])
    const other = respond({ fields: ['Connection', 'keep-alive, X-Secret'] }, (stream, head) => {
      stream.whole(head, '')
      expect(stream.dropped).toBe('Cannot send "Connection: x-secret": the only option to set is "close"')
    })
    expect(other.sent).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    const old = respond({ version: '1.0', fields: ['connection', 'Close'] }, (stream, head) => {
      stream.begin(head)
      expect(stream.dropped).toBeUndefined()
    })
    expect(old.sent).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
  })

  test('sends a 205 with Content-Length: 0 and no body, whole or in pieces', () => {
    const fields = ['Content-Length', '4']
    const responses = [
      respond({ code: 205, fields: [...fields] }, (stream, head) => stream.whole(head, 'body')),
      respond({ code: 205, fields: [...fields] }, (stream, head) => {
        stream.begin(head)
        stream.write('body')
        stream.finish()
      }),
    ]
    for (const { sent, persistent } of responses) {
      expect(sent).toBe('HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n')
      expect(persistent).toBe(true)
    }
  })

  test('sends a streamed 204 or 304 without a body and its framing', () => {
    for (const [code, line] of [
      [204, '204 No Content'],
      [304, '304 Not Modified'],
    ] as const) {
      const { sent, persistent } = respond({ code }, (stream, head) => {
        stream.begin(head)
        expect(stream.write('never')).toBe(true)
        stream.finish()
      })
      expect([sent, persistent]).toEqual([`HTTP/1.1 ${line}\r\n\r\n`, true])
    }
  })

  test('refuses a piece before the head and after the end', () => {
    respond({}, (stream, head) => {
      expect(() => stream.write('early')).toThrow('a fresh response')
      stream.whole(head, '')
      expect(() => stream.write('late')).toThrow('a finished response')
      stream.finish()
    })
  })

  test('counts a string by its bytes in UTF-8', () => {
    const { sent } = respond({ fields: ['X', '\xe9'] }, (stream, head) => {
      stream.whole(head, 'é')
      expect(stream.sentBytes).toBe(2)
    })
    expect(sent).toContain('Content-Length: 2\r\n\r\né')
  })

  test('sends the same whether or not it looks at the headers one by one', () => {
    // Headers from fields may hold any name, so they are always looked at.
    const names = [
      'X',
      'X-Seven',
      'Connection',
      'Content-Length',
      'Content-Type',
      'Upgrade',
      'Transfer-Encoding',
    ]
    const field = fc.tuple(fc.constantFrom(...names), fc.constantFrom('close', '4', 'a', '\xe9'))
    const facts = fc.record({
      code: fc.constantFrom(200, 204, 205, 304, 404),
      method: fc.constantFrom('GET', 'HEAD', 'CONNECT'),
      version: fc.constantFrom('1.0' as const, '1.1' as const),
    })
    const outcome = (make: () => ReturnType<typeof respond>): unknown => {
      try {
        return make()
      } catch (error) {
        return String(error)
      }
    }
    fc.assert(
      fc.property(
        facts,
        fc.array(field, { maxLength: 3 }),
        fc.constantFrom('', 'body', 'bé', Buffer.from('body')),
        (fact, fields, body) => {
          const looked = outcome(() =>
            respond({ ...fact, fields: fields.flat() }, (stream, head) => stream.whole(head, body)),
          )
          const headers = new Headers()
          for (const [name, value] of fields) headers.addRawHeader(name, value)
          const sent = outcome(() =>
            respond(fact, (stream, head) => stream.whole({ ...head, headers }, body)),
          )
          expect(sent).toEqual(looked)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
