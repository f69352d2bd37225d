import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpretHead, isHost } from '../../src/codec/request-head.ts'

describe('interpretHead', () => {
  test('interprets the fields together', () => {
    const fields = [
      'HOST',
      'h:1',
      'connection',
      'Upgrade',
      'content-LENGTH',
      '3',
      'Expect',
      '100-continue',
      'X',
      'y',
    ]
    expect(interpretHead('POST', '/a?b', '1.1', fields)).toEqual({
      method: 'POST',
      target: '/a?b',
      path: '/a',
      query: 'b',
      version: '1.1',
      fields,
      framing: { kind: 'length', bytes: 3 },
      persistent: true,
      expectsContinue: true,
      host: 'h:1',
    })
  })

  test('replaces Host with the host of the target (RFC 9112 §3.2.2)', () => {
    for (const [version, fields] of [
      ['1.1', ['X', 'y', 'HOST', 'other']],
      ['1.0', ['X', 'y']],
    ] as const) {
      const head = interpretHead('GET', 'http://h:8/p', version, [...fields])
      expect(head.host).toBe('h:8')
      expect(head.fields.slice(0, 2)).toEqual(['X', 'y'])
      expect(head.fields.slice(3)).toEqual(['h:8'])
    }
    const connect = interpretHead('CONNECT', 'h:443', '1.1', ['Host', 'proxy'])
    expect([connect.host, connect.fields]).toEqual(['h:443', ['Host', 'proxy']])
  })

  test('ignores other names of the same length', () => {
    const head = interpretHead('GET', '/', '1.1', [
      'Host',
      'h',
      'Hoax',
      'x',
      'Content_Length',
      '5',
      'constructor',
      'y',
    ])
    expect(head).toMatchObject({ host: 'h', framing: { kind: 'none' } })
  })
})

describe('isHost', () => {
  test('accepts names, addresses and ports, and refuses all others', () => {
    for (const host of [
      '',
      'h',
      'h:80',
      'h:',
      'a.b-c_d~e',
      '127.0.0.1',
      '[::1]',
      '[::1]:80',
      '[v1.fe80::a+en1]',
      '[vF.x]:8',
      'h:0',
      'h:65535',
      'h:65529',
      'h:64999',
      'h:00080',
      '[::1]:65535',
      "!$&'()*+,;=",
      '%41',
    ])
      expect(isHost(host), host).toBe(true)
    for (const host of [
      ' ',
      'h ',
      'h/',
      'h@',
      'h?',
      'h#',
      'h\\',
      '[::1',
      '::1]',
      '[v1.]',
      '[v.x]',
      '[1.x]',
      '[vg.x]',
      '[v1.x/]',
      'h:65536',
      'h:65540',
      'h:65600',
      'h:66000',
      'h:70000',
      'h:99999',
      'h:000080',
      '[::1]:65536',
      'h:x',
      'h:1:2',
      '%4',
      '%zz',
      'é',
      '"',
      '<',
    ])
      expect(isHost(host), host).toBe(false)
  })

  test('accepts what the grammar allows, with a port of 65535 at most', () => {
    const parts = fc.constantFrom(
      'a',
      'Z',
      '0',
      '9',
      '-',
      '.',
      '%4a',
      '%',
      ':',
      '[',
      ']',
      '::1',
      '65535',
      '65536',
      '/',
      'é',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 5 }), (given) => {
        const host = given.join('')
        const [, port] = GRAMMAR.exec(host) ?? []
        expect(isHost(host), host).toBe(port !== undefined && Number(port) <= 65_535)
      }),
      { numRuns: 5000 },
    )
  })
})

/** RFC 9110 §7.2, RFC 3986 §3.2.2. */
const GRAMMAR = /^(?:\[[0-9a-f:.]+\]|(?:[\w\-.~!$&'()*+,;=]|%[0-9a-f]{2})*):?((?<=:)[0-9]{0,5}|)$/i
