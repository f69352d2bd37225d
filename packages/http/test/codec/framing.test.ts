import { describe, expect, test } from 'vitest'
import { type Framing, hasBody, messageFraming } from '../../src/codec/framing.ts'

function response(
  status: number,
  method: string,
  contentLengths: string[] = [],
  transferEncodings: string[] = [],
): Framing {
  return messageFraming({ version: '1.1', message: { status, method }, contentLengths, transferEncodings })
}

describe('messageFraming (RFC 9112 §6.3)', () => {
  test('frames requests without a body, by length or chunked', () => {
    const request = (contentLengths: string[], transferEncodings: string[]): Framing =>
      messageFraming({ version: '1.1', message: 'request', contentLengths, transferEncodings })
    expect(request([], [])).toEqual({ kind: 'none' })
    expect(request(['12'], [])).toEqual({ kind: 'length', bytes: 12 })
    expect(request([], ['Chunked'])).toEqual({ kind: 'chunked' })
    expect(() => request(['1'], ['chunked'])).toThrow('Transfer-Encoding and Content-Length')
  })

  test('frames responses that never have a body, whatever their fields (rules 1 and 2)', () => {
    for (const [status, method] of [
      [200, 'HEAD'],
      [100, 'GET'],
      [101, 'GET'],
      [204, 'GET'],
      [304, 'GET'],
      [200, 'CONNECT'],
    ] as const) {
      expect(response(status, method, ['5'], ['chunked'])).toEqual({ kind: 'none' })
    }
  })

  test('frames other responses by coding, by length, or until the connection closes (rules 4 to 8)', () => {
    expect(response(200, 'GET', [], ['chunked'])).toEqual({ kind: 'chunked' })
    expect(response(200, 'GET', ['5'])).toEqual({ kind: 'length', bytes: 5 })
    expect(response(200, 'GET')).toEqual({ kind: 'until-close' })
    expect(response(404, 'CONNECT', ['5'])).toEqual({ kind: 'length', bytes: 5 })
  })
})

describe('hasBody', () => {
  test('is false without framing and for no bytes', () => {
    expect(hasBody({ kind: 'none' })).toBe(false)
    expect(hasBody({ kind: 'length', bytes: 0 })).toBe(false)
    expect(hasBody({ kind: 'length', bytes: 1 })).toBe(true)
    expect(hasBody({ kind: 'chunked' })).toBe(true)
  })
})
