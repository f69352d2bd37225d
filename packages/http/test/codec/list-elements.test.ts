import { describe, expect, test } from 'vitest'
import { listElements } from '../../src/codec/list-elements.ts'

describe('listElements', () => {
  test('takes lists apart over all lines, in lower case, without blanks and tabs', () => {
    expect(listElements(['Close'])).toEqual(['close'])
    expect(listElements(['A , \tb b\t,C', 'd'])).toEqual(['a', 'b b', 'c', 'd'])
  })

  test('keeps empty elements', () => {
    expect(listElements([''])).toEqual([''])
    expect(listElements([', ,a,', ''])).toEqual(['', '', 'a', '', ''])
  })

  test('takes nothing but blanks and tabs away, and no other letter for an ASCII one', () => {
    expect(listElements(['\xa0a\x85', '\x0bb\x0c'])).toEqual(['\xa0a\x85', '\x0bb\x0c'])
    const latin1 = Array.from({ length: 128 }, (_, at) => String.fromCharCode(at + 128)).join('')
    expect(listElements([latin1])[0]).not.toMatch(/[\0-\x7f]/)
  })
})
