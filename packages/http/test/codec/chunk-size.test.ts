import { describe, expect, test } from 'vitest'
import { parseChunkSize } from '../../src/codec/chunk-size.ts'

describe('parseChunkSize', () => {
  test('reads hexadecimal, and counts what stands behind it', () => {
    expect(parseChunkSize('0')).toEqual({ bytes: 0, extensionBytes: 0 })
    expect(parseChunkSize('00aF')).toEqual({ bytes: 0xaf, extensionBytes: 0 })
    expect(parseChunkSize('1ffffffffffffe;a="b\\"c"').bytes).toBe(0x1ffffffffffffe)
    expect(parseChunkSize('5;abc=d').extensionBytes).toBe(6)
    expect(parseChunkSize(`${'0'.repeat(100)}5;a`)).toEqual({ bytes: 5, extensionBytes: 71 })
  })

  test('refuses sizes that cannot be counted, and what is none', () => {
    expect(() => parseChunkSize('20000000000000')).toThrow('Cannot count to')
    for (const line of ['', 'x', '0x5', '5 ', '5;', '5;a=', '5;a="', '5 a']) {
      expect(() => parseChunkSize(line), line).toThrow('Cannot read chunk size')
    }
  })

  test('looks at long extensions in linear time', () => {
    const line = `5${';a=b'.repeat(4000)}${' '.repeat(16_000)}x`
    const start = process.cpuUsage().user
    expect(() => parseChunkSize(line)).toThrow('Cannot read chunk size')
    expect(process.cpuUsage().user - start).toBeLessThan(500_000)
  })
})
