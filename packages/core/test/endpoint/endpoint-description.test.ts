import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  EndpointSyntaxError,
  parseDescription,
  quoteStringArgument,
} from '../../src/endpoint/endpoint-description.ts'

describe('parseDescription', () => {
  const argumentsOf = (text: string): unknown =>
    parseDescription(text).args.map(({ name, value }) => [name, value])

  test('takes positional and named arguments apart (statement 65)', () => {
    expect(parseDescription('tcp:8080:interface=127.0.0.1').type).toBe('tcp')
    expect(argumentsOf('tcp:8080:interface=127.0.0.1')).toEqual([
      [undefined, '8080'],
      ['interface', '127.0.0.1'],
    ])
    expect(argumentsOf('unix:')).toEqual([[undefined, '']])
    expect(argumentsOf('unix')).toEqual([])
  })

  test('lets a backslash take the meaning of : = and \\ away (statement 65)', () => {
    expect(argumentsOf(String.raw`unix:C\:\\run\=x:mode=a\=b`)).toEqual([
      [undefined, String.raw`C:\run=x`],
      ['mode', 'a=b'],
    ])
  })

  test('takes only the first = of an argument for its name', () => {
    expect(argumentsOf('unix:path=a=b')).toEqual([['path', 'a=b']])
  })

  test('says where each argument stands', () => {
    expect(parseDescription('tcp:80:x=1').args.map(({ position }) => position)).toEqual([4, 7])
  })

  test.each([
    ['', 0],
    [':80', 0],
    ['tcp=1:80', 0],
    [String.raw`tcp:a\b`, 5],
    ['tcp:a\\', 5],
  ])('refuses %j', (text, position) => {
    let refused: unknown
    try {
      parseDescription(text)
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(EndpointSyntaxError)
    expect(refused).toMatchObject({ description: text, position, name: 'EndpointSyntaxError' })
  })
})

describe('quoteStringArgument', () => {
  test.each(['plain', '::1', 'a=b', String.raw`back\slash`, '/run/app:1=2.sock'])(
    'keeps %s whole',
    (value) => {
      expect(parseDescription(`x:${quoteStringArgument(value)}`).args).toEqual([
        { name: undefined, value, position: 2 },
      ])
    },
  )

  test('keeps any text whole (statement 65)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(parseDescription(`x:name=${quoteStringArgument(value)}:y`).args).toMatchObject([
          { name: 'name', value },
          { name: undefined, value: 'y' },
        ])
      }),
    )
  })
})
