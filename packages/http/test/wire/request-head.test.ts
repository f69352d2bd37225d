import { describe, expect, test } from 'vitest'
import { understandHead } from '../../src/wire/request-head.ts'

describe('understandHead', () => {
  test('knows what the fields mean together', () => {
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
    expect(understandHead('POST', '/a?b', '1.1', fields)).toEqual({
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

  test('names of the same length as a deciding one decide nothing', () => {
    const head = understandHead('GET', '/', '1.1', [
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
