import { describe, expect, test } from 'vitest'
import { listElements, TOKEN, trimmed } from '../../src/handshake/header-list.ts'

describe('listElements', () => {
  test('reads the elements of all fields, in order, without blanks', () => {
    expect(listElements(['a , b', '\tc'])).toEqual(['a', 'b', 'c'])
    expect(listElements([])).toEqual([])
  })

  test('ignores empty elements, and fields without a value', () => {
    for (const values of [['a,'], [',a'], ['a,,'], [' , a ,\t'], ['', 'a'], ['a', ' ']])
      expect(listElements(values), JSON.stringify(values)).toEqual(['a'])
    expect(listElements([''])).toEqual([])
  })

  test('ignores 16 empty elements, and refuses one more', () => {
    expect(listElements([`a${','.repeat(16)}`])).toEqual(['a'])
    expect(listElements([`a${','.repeat(17)}`])).toBeUndefined()
    expect(listElements([`a${','.repeat(10)}`, `b${','.repeat(7)}`])).toBeUndefined()
  })

  test('refuses a list of commas alone', () => {
    for (const value of [',', ', ,', ' ,\t']) expect(listElements([value]), value).toBeUndefined()
  })
})

describe('trimmed', () => {
  test('removes spaces and tabs at both ends, in time that grows with the length', () => {
    expect(trimmed(' \ta b\t ')).toBe('a b')
    expect(trimmed(`a${' '.repeat(100_000)}b`)).toHaveLength(100_002)
  })
})

describe('TOKEN', () => {
  test('matches what RFC 9110 calls a token', () => {
    for (const token of ['a', 'permessage-deflate', "!#$%&'*+-.^_`|~09Az"])
      expect(TOKEN.test(token), token).toBe(true)
    for (const other of ['', 'a b', 'a;b', 'a=b', '"a"', 'ä', 'a/b', 'a\n'])
      expect(TOKEN.test(other), other).toBe(false)
  })
})
