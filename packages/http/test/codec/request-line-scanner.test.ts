import { describe, expect, test } from 'vitest'
import { RequestLineScanner } from '../../src/codec/request-line-scanner.ts'

describe('RequestLineScanner', () => {
  test('continues where it stopped, and can begin again', () => {
    const scanner = new RequestLineScanner(100)
    const text = '\r\nGET /a HTTP/1.0\r\nrest'
    let at = 0
    for (let length = 1; length <= text.length; length++) {
      if (!scanner.complete) at = scanner.scan(Buffer.from(text.slice(0, length)), at)
    }
    expect(at).toBe(text.indexOf('rest'))
    expect(scanner.parts(text)).toEqual({ method: 'GET', target: '/a', minorVersion: '0' })
    scanner.reset()
    expect(scanner.complete).toBe(false)
    expect(scanner.begun).toBe(false)
    scanner.scan(Buffer.from('PUT * HTTP/1.1\r\n'), 0)
    expect(scanner.parts('PUT * HTTP/1.1\r\n')).toEqual({ method: 'PUT', target: '*', minorVersion: '1' })
  })
})
