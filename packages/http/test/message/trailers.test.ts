import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { acceptsTrailers, Trailers } from '../../src/message/trailers.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'

describe('Trailers', () => {
  test('keeps the last value of each name, and computes values at the end', () => {
    const trailers = new Trailers()
    let at = 'early'
    trailers.set('Server-Timing', 'x')
    trailers.set('Content-Digest', () => at)
    trailers.set('server-timing', 'db;dur=5')
    at = 'late'
    expect(trailers.names).toBe('Server-Timing, Content-Digest')
    expect(trailers.has('SERVER-TIMING')).toBe(true)
    expect(trailers.has('x')).toBe(false)
    expect(trailers.fields().toWire()).toBe('Server-Timing: db;dur=5\r\nContent-Digest: late\r\n')
  })

  test('refuses a promise, whose rejection is swallowed', async () => {
    const trailers = new Trailers()
    trailers.set('x', (() => Promise.reject(new Error('Cannot compute'))) as never)
    const unhandled = await unhandledRejectionsDuring(async () => {
      expect(() => trailers.fields()).toThrow('Cannot send header x')
    })
    expect(unhandled).toEqual([])
  })

  test.each([
    'Content-Length',
    'transfer-encoding',
    'Trailer',
    'Host',
    'Set-Cookie',
    'Cookie',
    'Authorization',
    'WWW-Authenticate',
    'Proxy-Authenticate',
    'Content-Type',
    'Content-Encoding',
    'Content-Range',
    'Cache-Control',
    'Location',
    'Vary',
    'Connection',
    'If-None-Match',
    'TE',
    'Expect',
    'Access-Control-Allow-Origin',
    'Strict-Transport-Security',
    'Content-Security-Policy',
  ])('refuses %s', (name) => {
    expect(() => new Trailers().set(name, 'x')).toThrow(TypeError)
  })

  test('refuses names and values that cannot be sent, also computed ones', () => {
    const trailers = new Trailers()
    expect(() => trailers.set('a b', 'x')).toThrow(TypeError)
    expect(() => trailers.set('X', 'a\r\nb')).toThrow(TypeError)
    expect(() => trailers.set('X', 5 as unknown as string)).toThrow(TypeError)
    expect(trailers.names).toBe('')
    trailers.set('X', () => 'a\r\nb')
    expect(() => trailers.fields()).toThrow(TypeError)
  })
})

test('acceptsTrailers reads TE as a list', () => {
  const accepts = (...values: string[]): boolean => {
    const headers = new Headers()
    headers.setRawHeaders('TE', values)
    return acceptsTrailers(headers)
  }
  for (const value of ['trailers', 'Trailers', 'gzip;q=0.5 , trailers'])
    expect(accepts(value), value).toBe(true)
  for (const value of ['', 'gzip', 'xtrailers', 'trailers;q=1']) expect(accepts(value), value).toBe(false)
  expect(accepts('gzip', 'trailers')).toBe(true)
  expect(acceptsTrailers(new Headers())).toBe(false)
})
