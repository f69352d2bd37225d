import { describe, expect, test } from 'vitest'
import { DEFAULT_FORM_LIMITS, type PartHead } from '../../src/codec/form-reader.ts'
import { interpretPartHead } from '../../src/codec/part-head.ts'

/** Interprets lines whose values are UTF-8, as a reader gives them. */
function head(dispositionValue: string, ...lines: [name: string, value: string][]): PartHead {
  const values = [['Content-Disposition', dispositionValue] as const, ...lines]
  return interpretPartHead(
    values.flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
    DEFAULT_FORM_LIMITS,
  )
}

function filename(name: string): string | undefined {
  return head(`form-data; name=a; filename="${name}"`).filename
}

describe('interpretPartHead', () => {
  test('reads names as browsers send them', () => {
    expect(head('form-data; name="a%22b%0D%0A é😀"')).toMatchObject({
      name: 'a%22b%0D%0A é😀',
      type: 'text/plain',
    })
    expect(head('Form-Data ; x=y; NAME=a').name).toBe('a')
    expect(head(String.raw`form-data; name="a\"b\\c\d"`).name).toBe(String.raw`a"b\c\d`)
    expect(head('form-data; name=""').name).toBe('')
    expect(head('form-data; name=a; filename=b.txt', ['content-TYPE', 'Image/JPEG; q="1"'])).toMatchObject({
      filename: 'b.txt',
      type: 'image/jpeg',
    })
  })

  test('keeps the last segment of a file name', () => {
    expect(filename('../../etc/passwd')).toBe('passwd')
    expect(filename('/absolute')).toBe('absolute')
    expect(filename(String.raw`C:\Users\me\photo.jpg`)).toBe('photo.jpg')
    expect(filename(String.raw`..\..\x/y\z`)).toBe('z')
    expect(filename('directory/')).toBe('')
    expect(filename('%2e%2e%2fpasswd%00.jpg')).toBe('%2e%2e%2fpasswd%00.jpg')
    expect(filename('')).toBe('')
    expect(filename('...')).toBe('...')
  })

  test('removes characters that change the direction of text', () => {
    expect(filename('photo\u202egpj.exe')).toBe('photogpj.exe')
    expect(filename('\u200fa\u2066b\u2069\u061c.txt')).toBe('ab.txt')
    expect(filename('مرحبا.txt')).toBe('مرحبا.txt')
  })

  test.each([
    ['.'],
    ['..'],
    ['a/..'],
    [String.raw`a\.`],
    ['a/\u202e.\u202e.'],
    ['a\0b'],
    ['a\tb'],
    ['a\u0085b'],
    ['a\u007f'],
  ])('refuses the file name %j with 400', (name) => {
    expect(() => filename(name)).toThrow(expect.objectContaining({ statusCode: 400 }))
  })

  test.each([
    ['attachment; name=a'],
    ['form-data'],
    ['form-data; filename=a'],
    ['form-dataname=a'],
    ['form-data; name=a; name=b'],
    ['form-data; name=a; filename=b; filename=c'],
    ['form-data; name="a'],
    ['form-data; name=a b'],
    ['form-data, name=a'],
    ["form-data; name=a; filename*=UTF-8''b"],
    ["form-data; name*=UTF-8''b; name=a"],
    ['form-data; name="a\tb"'],
  ])('refuses the disposition %j with 400', (value) => {
    expect(() => head(value)).toThrow(expect.objectContaining({ statusCode: 400 }))
  })

  test('refuses names that are not UTF-8, and lines that are there twice', () => {
    const latin1 = ['Content-Disposition', 'form-data; name="caf\xe9"']
    expect(() => interpretPartHead(latin1, DEFAULT_FORM_LIMITS)).toThrow('is not UTF-8')
    expect(() => head('form-data; name=a', ['content-disposition', 'form-data; name=b'])).toThrow('several')
    expect(() => head('form-data; name=a', ['Content-Type', 'a/b'], ['Content-Type', 'a/c'])).toThrow(
      'several',
    )
    expect(() => head('form-data; name=a', ['Content-Type', 'text'])).toThrow('Content-Type "text"')
  })

  test('accepts only transfer encodings that change nothing', () => {
    for (const encoding of ['7bit', '8BIT', 'binary'])
      expect(head('form-data; name=a', ['Content-Transfer-Encoding', encoding]).name).toBe('a')
    for (const encoding of ['base64', 'quoted-printable', 'x'])
      expect(() => head('form-data; name=a', ['Content-Transfer-Encoding', encoding])).toThrow(
        expect.objectContaining({ statusCode: 415 }),
      )
  })
})
