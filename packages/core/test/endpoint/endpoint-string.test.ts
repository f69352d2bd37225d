import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defined, EndpointArguments, parseDescription } from '../../src/endpoint/endpoint-string.ts'
import { EndpointSyntaxError, quoteStringArgument } from '../../src/endpoints.ts'

describe('parseDescription', () => {
  const argumentsOf = (text: string): unknown =>
    parseDescription(text).args.map(({ name, value }) => [name, value])

  test('parses positional and named arguments', () => {
    expect(parseDescription('tcp:8080:interface=127.0.0.1').type).toBe('tcp')
    expect(argumentsOf('tcp:8080:interface=127.0.0.1')).toEqual([
      [undefined, '8080'],
      ['interface', '127.0.0.1'],
    ])
    expect(argumentsOf('unix:')).toEqual([[undefined, '']])
    expect(argumentsOf('unix')).toEqual([])
  })

  test('treats : = and \\ after a backslash as ordinary characters', () => {
    expect(argumentsOf(String.raw`unix:C\:\\run\=x:mode=a\=b`)).toEqual([
      [undefined, String.raw`C:\run=x`],
      ['mode', 'a=b'],
    ])
  })

  test('ends the name of an argument at its first =', () => {
    expect(argumentsOf('unix:path=a=b')).toEqual([['path', 'a=b']])
  })

  test('gives the position of each argument', () => {
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
    'keeps %s unchanged',
    (value) => {
      expect(parseDescription(`x:${quoteStringArgument(value)}`).args).toEqual([
        { name: undefined, value, position: 2 },
      ])
    },
  )

  test('keeps any text unchanged', () => {
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

describe('EndpointArguments', () => {
  const argumentsOf = (text: string): EndpointArguments => new EndpointArguments(parseDescription(text))

  test('returns positional arguments in order, or by name', () => {
    const byPosition = argumentsOf('tcp:host:80')
    expect([byPosition.requiredText('host', ''), byPosition.port('port', 1, '')]).toEqual(['host', 80])
    const byName = argumentsOf('tcp:port=80:host=h')
    expect([byName.requiredText('host', ''), byName.port('port', 1, '')]).toEqual(['h', 80])
    expect(() => byName.done()).not.toThrow()
  })

  test('returns undefined for missing named arguments', () => {
    const args = argumentsOf('tcp:80')
    expect([args.named('backlog', 10), args.namedText('interface'), args.namedMs('timeout')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('reads numbers in their radix, and times with their unit in milliseconds', () => {
    expect(argumentsOf('x:mode=660').named('mode', 8)).toBe(0o660)
    expect(argumentsOf('x:backlog=660').named('backlog', 10)).toBe(660)
    expect(argumentsOf('x:t=500ms').namedMs('t')).toBe(500)
    expect(argumentsOf('x:t=30s').namedMs('t')).toBe(30_000)
    expect(argumentsOf('x:t=2m').namedMs('t')).toBe(120_000)
    expect(argumentsOf('x:3').number('fd', '')).toBe(3)
    expect(['yes', 'no'].map((on) => argumentsOf(`x:on=${on}`).flag('on'))).toEqual([true, false])
    expect(argumentsOf('x').flag('on')).toBeUndefined()
  })

  test.each<[string, (args: EndpointArguments) => unknown, string]>([
    ['x', (args) => args.requiredText('path', 'unix:/run/a'), 'path is missing, as in unix:/run/a'],
    ['x:', (args) => args.requiredText('path', 'unix:/run/a'), 'path is missing'],
    ['x:http', (args) => args.port('port', 0, 'tcp:80'), 'from 0 to 65535, not "http"'],
    ['x:65536', (args) => args.port('port', 0, 'tcp:80'), 'not "65536"'],
    ['x:0', (args) => args.port('port', 1, 'tcp:80'), 'from 1 to 65535'],
    ['x:-1', (args) => args.port('port', 0, 'tcp:80'), 'not "-1"'],
    ['x:mode=9', (args) => args.named('mode', 8), 'mode must be octal digits, not "9"'],
    ['x:backlog=1e3', (args) => args.named('backlog', 10), 'backlog must be a number, not "1e3"'],
    ['x:timeout=30', (args) => args.namedMs('timeout'), 'timeout needs a unit, as in timeout=30s'],
    ['x:timeout=1h', (args) => args.namedMs('timeout'), 'not "1h"'],
    ['x:', (args) => args.number('fd', 'fd:3'), 'fd is missing, as in fd:3'],
    ['x:three', (args) => args.number('fd', 'fd:3'), 'fd must be a number, as in fd:3, not "three"'],
    ['x:a_b!', (args) => args.hostName('host', ''), '"a_b!" is neither an address nor the name of a host'],
    ['x:1', (args) => args.requiredNamed('cert', 'x:cert=a'), 'cert is missing, as in x:cert=a'],
    ['x:cert=', (args) => args.requiredNamed('cert', 'x:cert=a'), 'cert is empty'],
    ['x:on=1', (args) => args.flag('on'), 'on must be yes or no, not "1"'],
    ['x:d=C', (args) => args.oneOf('d', ['A', 'B']), 'd must be A or B, not "C"'],
    ['x', (args) => args.together('a', 1, 'b', undefined), 'a and b belong together'],
    ['x', (args) => args.exactlyOne('a', 1, 'b', 2, 'x:a=1'), 'give a or b, as in x:a=1'],
    ['x:a=1:a=2', (args) => args.namedText('a'), '"a" is given twice'],
    ['x:1:2', (args) => [args.text('only'), args.done()], '"2" is one argument too many'],
    ['x:colour=red', (args) => args.done(), '"colour" is unknown here'],
  ])('refuses %s', (text, take, why) => {
    expect(() => take(argumentsOf(text))).toThrow(EndpointSyntaxError)
    expect(() => take(argumentsOf(text))).toThrow(why)
  })
})

test('defined removes undefined options, and nothing else', () => {
  expect(Object.keys(defined({ a: undefined, b: 0, c: '', d: false, e: undefined }))).toEqual(['b', 'c', 'd'])
})
