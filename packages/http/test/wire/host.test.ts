import { describe, expect, test } from 'vitest'
import { isHost } from '../../src/wire/host.ts'

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
