import { describe, expect, test } from 'vitest'
import { parseMediaType, parseParameters } from '../../src/message/parameters.ts'

describe('parseMediaType', () => {
  test('returns type and parameters in lower case, and values as they are', () => {
    expect(parseMediaType('Text/HTML;Charset=UTF-8 ; q="a\\"b;c" ;')).toEqual({
      type: 'text/html',
      parameters: new Map([
        ['charset', 'UTF-8'],
        ['q', 'a"b;c'],
      ]),
    })
    expect(parseMediaType('application/vnd.api+json')).toEqual({
      type: 'application/vnd.api+json',
      parameters: new Map(),
    })
  })

  test('refuses what is malformed, and a parameter that is there twice', () => {
    const wrong = [
      '',
      'text',
      'text/',
      '/html',
      'text /html',
      'text/html;a',
      'text/html; a =1',
      'text/html;a="1',
    ]
    for (const value of [
      ...wrong,
      'text/html, text/plain',
      'text/html;a=1;A=1',
      'text/html x',
      'text/html;a=',
    ]) {
      expect(parseMediaType(value), value).toBeUndefined()
    }
  })

  test('takes linear time', () => {
    const start = process.cpuUsage().user
    for (const part of ['; ', '   ', ';a="', '\\"', 'a/b']) parseMediaType(`a/b;${part.repeat(8_000)}x`)
    expect(process.cpuUsage().user - start).toBeLessThan(500_000)
  })
})

describe('parseParameters', () => {
  test('calls unquote with the text between the quotes', () => {
    expect(parseParameters('; a="b\\c"; d=e', (quoted) => `<${quoted}>`)).toEqual(
      new Map([
        ['a', '<b\\c>'],
        ['d', 'e'],
      ]),
    )
    expect(parseParameters('', String)).toEqual(new Map())
  })
})
