import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_FORM_LIMITS, type FormLimits } from '../../src/codec/form-reader.ts'
import { UrlencodedReader } from '../../src/codec/urlencoded-reader.ts'
import { readForm } from './forms.ts'

function read(pieces: Iterable<Uint8Array>, limits: Partial<FormLimits> = {}): string {
  return readForm(new UrlencodedReader({ ...DEFAULT_FORM_LIMITS, ...limits }), pieces)
}

describe('UrlencodedReader', () => {
  test('reads fields, in any chunking', () => {
    for (const pieces of chunkings('a=1&b=x+y%20z&=&c&&%61%3D=%26=%zz%2&'))
      expect(read(pieces)).toBe('a="1" b="x y z" ="" c="" a=="&=%zz%2" end')
    expect(read([])).toBe('end')
    expect(read([Buffer.from('&&')])).toBe('end')
  })

  test('reads every input as URLSearchParams does', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '=', '&', '+', '%', '2', 'f', 'C', '3', '\u00e9', '\ufeff'),
    })
    fc.assert(
      fc.property(text, (form) => {
        const expected = [...new URLSearchParams(`&${form}`)].map(([name, value]) => {
          return `${name}="${Buffer.from(value).toString('latin1')}" `
        })
        // What is not UTF-8 becomes U+FFFD in the value, which the program decodes.
        fc.pre(!expected.join('').includes(Buffer.from('\ufffd').toString('latin1')))
        fc.pre(!expected.join('').includes('\ufffd'))
        expect(read([Buffer.from(form)])).toBe(`${expected.join('')}end`)
      }),
    )
  })

  test('counts empty fields, and refuses beyond each limit with 413', () => {
    expect(read([Buffer.from('a&&b')], { maxFields: 3 })).toBe('a="" b="" end')
    expect(read([Buffer.from('a&&&b')], { maxFields: 3 })).toMatch(
      '!413 Cannot read a form of more than 3 fields',
    )
    expect(read([Buffer.from('aaa=%41%41%41')], { maxNameBytes: 3, maxFieldBytes: 3 })).toBe('aaa="AAA" end')
    expect(read([Buffer.from('aaaa=1')], { maxNameBytes: 3 })).toMatch('!413')
    expect(read([Buffer.from('a=1234')], { maxFieldBytes: 3 })).toMatch('!413')
    expect(read([Buffer.from('a'.repeat(20))], { maxNameBytes: 3, maxFieldBytes: 3 })).toMatch('!413')
  })
})
