import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteQueue } from '../../src/bytes.ts'
import { ProxyHeaderReader, type ProxyHeaderReaderOptions, ProxyProtocolError } from '../../src/proxy.ts'
import { chunkings } from '../../src/testing.ts'
import { v1Cases, v2Bytes, v2Cases } from './header-cases.ts'

/** Reads `chunks`: returns a header and the bytes after it, the violation, or undefined when the header is incomplete. */
function outcomeOf(chunks: readonly Uint8Array[], options?: ProxyHeaderReaderOptions): unknown {
  const [reader, input] = [new ProxyHeaderReader(options), new ByteQueue()]
  try {
    for (const [at, chunk] of chunks.entries()) {
      input.push(chunk)
      const header = reader.next(input)
      if (header === undefined) continue
      for (const rest of chunks.slice(at + 1)) input.push(rest)
      return { header, unread: input.takeAll().toString() }
    }
    return undefined
  } catch (error) {
    if (error instanceof ProxyProtocolError) return error.violation
    throw error
  }
}

const cases = [...v1Cases, ...v2Cases]

describe('ProxyHeaderReader', () => {
  test.each(cases)('reads $name, in every chunking, and leaves the bytes after it', ({ header, bytes }) => {
    const input = Buffer.concat([bytes, Buffer.from('PROXY \r\n')])
    for (const chunks of chunkings(input)) expect(outcomeOf(chunks)).toEqual({ header, unread: 'PROXY \r\n' })
  })

  test.each(cases)('waits for all of $name', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(outcomeOf([bytes.subarray(0, length)])).toBeUndefined()
    }
  })

  test.each([
    ['a request', 'GET / HTTP/1.1\r\n\r\n', 'not-a-header'],
    ['a TLS hello', Buffer.from('1603010200', 'hex'), 'not-a-header'],
    ['a small letter', 'proxy TCP4', 'not-a-header'],
    ['half a signature', '\r\n\r\n\0\r\nQUIP', 'not-a-header'],
    ['a word that begins alike', 'PROXYTCP4', 'not-a-header'],
    ['a wrong line', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n', 'malformed-line'],
    ['a line feed alone', `PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\n${'x'.repeat(70)}`, 'line-too-long'],
    ['a line of 108 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'line-too-long'],
    ['a line that never ends', `PROXY UNKNOWN ${'x'.repeat(100)}`, 'line-too-long'],
    ['another version', v2Bytes(0x31, 0x11), 'unsupported-version'],
    [
      'a large header',
      Buffer.concat([v2Bytes(0x21, 0x11).subarray(0, 14), Buffer.from('ffff', 'hex')]),
      'header-too-large',
    ],
    ['a field cut short', v2Bytes(0x21, 0x00, '020002'), 'malformed-tlv'],
    ['a wrong checksum', v2Bytes(0x21, 0x00, '03 0004 00000000'), 'wrong-checksum'],
  ])('refuses %s, in every chunking', (_name, bytes, violation) => {
    for (const chunks of chunkings(bytes)) expect(outcomeOf(chunks)).toBe(violation)
  })

  test('reads a line of 107 bytes', () => {
    const line = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`
    expect(line.length).toBe(107)
    for (const chunks of chunkings(line)) expect(outcomeOf(chunks)).toMatchObject({ unread: '' })
  })

  test('refuses a first byte that begins no header at once', () => {
    for (let byte = 0; byte < 256; byte++) {
      const expected = byte === 0x0d || byte === 0x50 ? undefined : 'not-a-header'
      expect(outcomeOf([Buffer.of(byte)])).toBe(expected)
    }
  })

  test('reads only the versions in its options', () => {
    const [one, two] = [v1Cases[0]?.bytes, v2Cases[0]?.bytes].map((bytes) => bytes ?? Buffer.alloc(0))
    const both = [one, two].map((bytes = Buffer.alloc(0)) => [
      typeof outcomeOf([bytes], { versions: [1] }),
      typeof outcomeOf([bytes], { versions: [2] }),
    ])
    expect(both).toEqual([
      ['object', 'string'],
      ['string', 'object'],
    ])
  })

  test('takes no bytes while the header is incomplete, or when it is refused', () => {
    const [reader, input] = [new ProxyHeaderReader(), new ByteQueue()]
    input.push(Buffer.from('PROXY TC'))
    expect([reader.next(input), input.length]).toEqual([undefined, 8])
    const other = new ByteQueue()
    other.push(Buffer.from('GET'))
    for (const _ of [1, 2]) expect(() => reader.next(other)).toThrow('version 1 or 2 in "GET"')
    expect(other.length).toBe(3)
  })

  test('costs linear work in every chunking', () => {
    const [reader, input] = [new ProxyHeaderReader({ maxHeaderBytes: 65_551 }), new ByteQueue()]
    const bytes = v2Bytes(0x21, 0x00, Buffer.concat([Buffer.from('e0fffc', 'hex'), Buffer.alloc(65_532)]))
    for (const byte of bytes.subarray(0, -1)) {
      input.push(Buffer.of(byte))
      reader.next(input)
    }
    expect(input.workBytes).toBeLessThan(bytes.length * 32)
  })

  test('refuses invalid options', () => {
    expect(() => new ProxyHeaderReader({ versions: [] })).toThrow(TypeError)
    expect(() => new ProxyHeaderReader({ versions: [3] as never })).toThrow('give 1, 2 or both')
    for (const maxHeaderBytes of [535, Number.NaN]) {
      expect(() => new ProxyHeaderReader({ maxHeaderBytes })).toThrow(RangeError)
    }
  })

  test('returns a header or undefined, or throws ProxyProtocolError, for any bytes, the same in every chunking', () => {
    const header = fc.constantFrom(...cases.map(({ bytes }) => bytes))
    const damage = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 })
    const damaged = fc
      .tuple(header, damage, fc.uint8Array({ maxLength: 40 }))
      .map(([bytes, places, more]) => {
        const copy = Buffer.concat([bytes, more])
        for (const [at, byte] of places) copy[at % copy.length] = byte
        return copy
      })
    const fields = fc.uint8Array({ maxLength: 80 }).map((body) => v2Bytes(0x21, 0x00, Buffer.from(body)))
    const line = fc.string({ unit: fc.constantFrom(...Array.from('PROXY TCP46:.019f\r\n')), maxLength: 120 })
    const text = line.map((end) => Buffer.from(`PROXY ${end}\r\n`))
    const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    const input = fc.oneof(damaged, fields, text, anything)
    const property = fc.property(input, fc.nat(200), (bytes, cut) => {
      const whole = outcomeOf([bytes])
      expect(outcomeOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole)
      expect(outcomeOf(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole)
    })
    fc.assert(property, { seed: 1492, numRuns: 3000 })
  })
})
