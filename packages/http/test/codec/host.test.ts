import { describe, expect, test } from 'vitest'
import { isHost } from '../../src/codec/host.ts'

describe('isHost', () => {
  test('takes names, addresses and ports, and nothing else', () => {
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
})
