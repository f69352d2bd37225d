import { describe, expect, test } from 'vitest'
import { StatusLineScanner } from '../../src/codec/status-line-scanner.ts'

describe('StatusLineScanner', () => {
  test('continues where it stopped, and can begin again', () => {
    const scanner = new StatusLineScanner(100)
    const text = 'HTTP/1.1 101 Switching\r\nrest'
    let at = 0
    for (let length = 1; length <= text.length; length++) {
      if (!scanner.complete) at = scanner.scan(Buffer.from(text.slice(0, length)), at)
    }
    expect(at).toBe(text.indexOf('rest'))
    expect(scanner.parts(text)).toEqual({ version: '1.1', status: 101, reason: 'Switching' })
    scanner.reset()
    expect(scanner.complete).toBe(false)
    scanner.scan(Buffer.from('HTTP/1.0 404 \r\n'), 0)
    expect(scanner.parts('HTTP/1.0 404 \r\n')).toEqual({ version: '1.0', status: 404, reason: '' })
  })

  test('reads a line of exactly its limit', () => {
    const line = 'HTTP/1.1 200 OK'
    expect(new StatusLineScanner(line.length).scan(Buffer.from(`${line}\r\n`), 0)).toBe(line.length + 2)
    const scanner = new StatusLineScanner(line.length - 1)
    expect(() => scanner.scan(Buffer.from(`${line}\r\n`), 0)).toThrow('more than 14 bytes')
  })
})
