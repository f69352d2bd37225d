import { describe, expect, test } from 'vitest'
import { assertHostName } from '../../src/endpoint/host-name.ts'
import { InvalidAddressError } from '../../src/errors.ts'

describe('mustBeHostName', () => {
  test.each([
    'example.org',
    'example.org.',
    'localhost',
    'a',
    'x-1.example',
    '_sip._tcp.example',
    '127.0.0.1',
    '::1',
    'xn--bcher-kva.example',
    `${'a'.repeat(63)}.example`,
  ])('takes %s', (host) => {
    expect(() => assertHostName(host)).not.toThrow()
  })

  test.each([
    '',
    '.',
    'a..b',
    '-a.example',
    'a-.example',
    'a b',
    'büch.example',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    ':::1',
    'http://a',
    'a/b',
    'a\n',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}aa`,
  ])('refuses %j', (host) => {
    expect(() => assertHostName(host)).toThrow(InvalidAddressError)
  })
})
