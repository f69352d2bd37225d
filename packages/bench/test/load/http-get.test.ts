import { describe, expect, it } from 'vitest'
import { dateIn, faultOf } from '../../src/load/http-get.ts'

const RESPONSE = Buffer.from(
  'HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 07:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello',
)

describe('faultOf', () => {
  it('finds nothing wrong with the response expected', () => {
    expect(faultOf(RESPONSE, { status: 200, body: 'hello' })).toBeUndefined()
    expect(faultOf(RESPONSE, { status: 200 })).toBeUndefined()
  })
  it('names another status, length or body', () => {
    expect(faultOf(RESPONSE, { status: 404 })).toBe('Expected a response with the status 404')
    expect(faultOf(RESPONSE, { status: 200, body: 'hallo' })).toBe('Expected the body hallo')
    expect(faultOf(Buffer.concat([RESPONSE, RESPONSE]), { status: 200 })).toMatch(/length of 5$/)
  })
  it('throws for a response without a length', () => {
    expect(() => faultOf(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), { status: 200 })).toThrow(
      'no Content-Length',
    )
  })
})

describe('dateIn', () => {
  it('finds the value of Date', () => {
    const { start, end } = dateIn(RESPONSE) ?? { start: 0, end: 0 }
    expect(RESPONSE.toString('latin1', start, end)).toBe('Sun, 22 Nov 2026 07:00:00 GMT')
  })
  it('finds nothing in a response without Date, nor in a body', () => {
    const response = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\r\ndate: x'
    expect(dateIn(Buffer.from(response))).toBeUndefined()
  })
})
