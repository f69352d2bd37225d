import { describe, expect, test } from 'vitest'
import { isFieldValue, lowerCaseElements, sameName, TCHAR } from '../../src/message/field-grammar.ts'
import { isToken, listElements, trimBlanks } from '../../src/index.ts'

describe('isToken', () => {
  test('is true for visible ASCII without delimiters, at least one character', () => {
    const visible = Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at))
    const delimiters = '"(),/:;<=>?@[\\]{}'
    for (const char of visible) {
      expect(isToken(char), char).toBe(!delimiters.includes(char))
      expect(TCHAR.test(char), char).toBe(!delimiters.includes(char))
    }
    for (const text of ['', ' ', 'a b', 'a\n', '\ta', 'a\x7f', 'é']) expect(isToken(text), text).toBe(false)
  })
})

describe('sameName', () => {
  test('makes no difference between upper and lower case of the letters of ASCII, and of nothing else', () => {
    const chars = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
    for (const one of chars)
      for (const other of chars) {
        const same = one === other || (/[a-z]/i.test(one) && one.toLowerCase() === other.toLowerCase())
        expect(sameName(`x${one}`, `X${other}`), `${one} ${other}`).toBe(same)
      }
  })

  test('compares whole names', () => {
    expect(sameName('Content-Type', 'CONTENT-type')).toBe(true)
    expect(sameName('Content-Type', 'Content-Typ')).toBe(false)
    expect(sameName('', '')).toBe(true)
  })
})

describe('isFieldValue', () => {
  test('is true for latin1 without control characters other than tab', () => {
    for (const text of ['', 'a\tb c', '\x80\xff']) expect(isFieldValue(text), text).toBe(true)
    for (const text of ['a\n', '\r', '\0', '\x7f', '\u0100']) expect(isFieldValue(text), text).toBe(false)
  })
})

describe('listElements', () => {
  test('splits lists over all lines, as they were sent, without blanks and tabs', () => {
    expect(listElements(['Chat'])).toEqual(['Chat'])
    expect(listElements(['A , \tb b\t,C', '', 'd'])).toEqual(['A', 'b b', 'C', '', 'd'])
  })
})

describe('lowerCaseElements', () => {
  test('splits lists over all lines, in lower case, without blanks and tabs', () => {
    expect(lowerCaseElements(['Close'])).toEqual(['close'])
    expect(lowerCaseElements(['A , \tb b\t,C', 'd'])).toEqual(['a', 'b b', 'c', 'd'])
  })

  test('keeps empty elements', () => {
    expect(lowerCaseElements([''])).toEqual([''])
    expect(lowerCaseElements([', ,a,', ''])).toEqual(['', '', 'a', '', ''])
  })

  test('removes only blanks and tabs, and maps no other letter to an ASCII one', () => {
    expect(lowerCaseElements(['\xa0a\x85', '\x0bb\x0c'])).toEqual(['\xa0a\x85', '\x0bb\x0c'])
    const latin1 = Array.from({ length: 128 }, (_, at) => String.fromCharCode(at + 128)).join('')
    expect(lowerCaseElements([latin1])[0]).not.toMatch(/[\0-\x7f]/)
  })
})

describe('trimBlanks', () => {
  test('removes spaces and tabs at both ends, in linear time', () => {
    expect(trimBlanks(' \ta b\t ')).toBe('a b')
    expect([trimBlanks(''), trimBlanks(' \t'), trimBlanks('\xa0a\n')]).toEqual(['', '', '\xa0a\n'])
    const start = process.cpuUsage().user
    expect(trimBlanks(`a${' '.repeat(200_000)}b`).length).toBe(200_002)
    expect(process.cpuUsage().user - start).toBeLessThan(500_000)
  })
})
